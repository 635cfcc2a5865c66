// Runs command lines inside the test with a terminal, clock and server of the test's own.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Context, StartApp } from "../../src/cli/command.ts";
import { runProgram } from "../../src/cli/program.ts";
import { styleFor } from "../../src/cli/terminal.ts";
import type { Environment } from "../../src/config.ts";
import { systemClock } from "../../src/system/clock.ts";

export const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

export interface RunOptions {
  environment?: Environment;
  terminal?: boolean;
  columns?: number | null;
  stdin?: string | Uint8Array;
  startApp?: StartApp;
  nowMs?: number;
}

export interface Run {
  exit: number;
  out: string;
  err: string;
}

export interface Running {
  result: Promise<Run>;
  out(): string;
  err(): string;
  signal(name: string): void;
  exitedNow(): number | null;
}

export function runStarted(argv: string[], options: RunOptions = {}): Running {
  const { environment = {}, terminal = false, columns = null, stdin = "" } = options;
  let out = "";
  let err = "";
  let exitedNow: number | null = null;
  const listeners = new Set<(signal: string) => void>();
  const context: Context = {
    terminal: {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      stdin: async () => new Uint8Array(Buffer.from(stdin as string)),
      stdinIsTerminal: false,
      outStyle: styleFor(terminal, environment),
      errIsTerminal: terminal,
      columns,
    },
    environment,
    clock: { ...systemClock, now: () => options.nowMs ?? NOW },
    loadMoving: async () => (await import("../../src/moving.ts")).moving,
    startApp: options.startApp ?? (() => Promise.reject(new Error("this test starts no app"))),
    onStop(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exitNow: (code) => void (exitedNow = code),
  };
  const result = runProgram(argv, context, { version: "0.0.0-test" }).then((exit) => ({ exit, out, err }));
  return {
    result,
    out: () => out,
    err: () => err,
    signal: (name) => [...listeners].forEach((listener) => listener(name)),
    exitedNow: () => exitedNow,
  };
}

export function run(argv: string[], options: RunOptions = {}): Promise<Run> {
  return runStarted(argv, options).result;
}

export interface Received {
  method: string;
  url: string;
  authorization: string | undefined;
  body: unknown;
}

export interface ScriptedServer extends AsyncDisposable {
  url: string;
  received: Received[];
  environment: Environment;
}

interface Reply {
  status?: number;
  json?: unknown;
  text?: string;
  type?: string;
  /** The answer stays open, as a live stream does. */
  open?: boolean;
}

/** Answers each request with what `script` says for its method and path. */
export async function scriptedServer(script: (received: Received, request: IncomingMessage) => Reply): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const one: Received = {
        method: request.method ?? "",
        url: request.url ?? "",
        authorization: request.headers.authorization,
        body: text === "" ? undefined : JSON.parse(text),
      };
      received.push(one);
      const { status = 200, json, text: reply, type = "application/json", open = false } = script(one, request);
      response.writeHead(status, { "content-type": type }).write(reply ?? JSON.stringify(json) ?? "");
      if (!open) response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    received,
    environment: { POSTHORN_URL: url, POSTHORN_API_KEY: "test-key-of-sixteen" },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Any escape sequence, C0 or C1 control but line breaks and tabs, or bidi control. */
export const UNSAFE_OUTPUT = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
