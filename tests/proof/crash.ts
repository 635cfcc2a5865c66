// The crash proof: signed webhooks against the real process, `kill -9` at random moments, and two ledgers that must agree.
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Arrived, compareLedgers, hashOf, type Sent, type Verdict } from "./ledger.ts";
import { type Program, startProgram } from "../kit/program.ts";

const SECRET = "a-secret-of-the-proof-not-real";
const SENDERS = 8;
const KILL_AFTER_MS_MAX = 1_000;
const DRAIN_MS_MAX = 60_000;

export interface CrashReport extends Verdict {
  rounds: number;
  seed: number;
  requests: number;
  integrity: string;
  events: number;
}

interface Proof {
  random: () => number;
  sent: Map<string, Sent>;
  arrivals: Arrived[];
  receiverUrl: string;
}

/** Runs to its end and reports; `violations` is empty when every promise held. The seed decides when each kill comes. */
export async function runCrashProof(options: { rounds: number; seed: number; log: (line: string) => void }): Promise<CrashReport> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-proof-"));
  const random = mulberry32(options.seed);
  const arrivals: Arrived[] = [];
  const receiver = await startReceiver(arrivals, random);
  const proof: Proof = { random, sent: new Map(), arrivals, receiverUrl: receiver.url };
  let path = "";
  for (let round = 1; round <= options.rounds; round += 1) {
    const server = await startProgram(directory);
    if (round === 1) path = await connect(server, proof.receiverUrl);
    await loadUntilKilled(server, path, proof);
    if (round % 10 === 0) options.log(`round ${round}: ${proof.sent.size} sent, ${arrivals.length} arrivals`);
  }
  const events = await drain(directory, proof);
  const integrity = integrityOf(join(directory, "posthorn.db"));
  await receiver.close();
  const verdict = compareLedgers(proof.sent.values(), arrivals);
  if (integrity !== "ok") verdict.violations.push(`integrity_check: ${integrity}`);
  rmSync(directory, { recursive: true, force: true });
  return { ...verdict, rounds: options.rounds, seed: options.seed, requests: proof.sent.size, integrity, events };
}

async function connect(server: Program, receiverUrl: string): Promise<string> {
  const source = await server.call<{ id: string; url: string }>("POST", "/v1/sources", {
    name: "proof",
    provider: "github",
    secrets: [SECRET],
  });
  const destination = await server.call<{ id: string }>("POST", "/v1/destinations", {
    name: "proof",
    type: "http",
    url: receiverUrl,
    retry: { scheduleMs: [0, 50, 100, 200, 400, 800, 1600], jitter: 0.2 },
  });
  await server.call("POST", "/v1/subscriptions", { sourceId: source.id, destinationId: destination.id });
  return new URL(source.url).pathname;
}

/** Sends from several senders at once until the process is killed under them. */
async function loadUntilKilled(server: Program, path: string, proof: Proof): Promise<void> {
  let killed = false;
  const senders = Array.from({ length: SENDERS }, async () => {
    while (!killed) await sendOne(`${server.url}${path}`, proof);
  });
  await new Promise((resume) => setTimeout(resume, 20 + proof.random() * KILL_AFTER_MS_MAX));
  killed = true;
  await server.kill();
  await Promise.all(senders);
}

/** One request: mostly new, sometimes what a provider would send again because it got no answer. */
async function sendOne(url: string, proof: Proof): Promise<void> {
  const again = proof.random() < 0.1 ? unanswered(proof.sent) : null;
  const deliveryId = again?.deliveryId ?? randomUUID();
  const body = JSON.stringify({ action: "proof", deliveryId, text: "x".repeat(deliveryId.charCodeAt(0) * 8) });
  const entry = again ?? { deliveryId, bodyHash: hashOf(body), acknowledged: false };
  proof.sent.set(deliveryId, entry);
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": deliveryId,
        "x-hub-signature-256": `sha256=${signature}`,
      },
      body,
    });
    // The status line is the acknowledgement: a provider that has read it never sends again.
    if (answer.status === 200) entry.acknowledged = true;
    await answer.arrayBuffer();
  } catch {
    // Killed under the request: whether it was kept is open, and both are right.
  }
}

function unanswered(sent: Map<string, Sent>): Sent | null {
  let found: Sent | null = null;
  for (const request of sent.values()) {
    if (!request.acknowledged) found = request;
  }
  return found;
}

/** A last start without load: everything still open must arrive by itself. Answers how many events the API lists. */
async function drain(directory: string, proof: Proof): Promise<number> {
  const server = await startProgram(directory);
  const deadline = performance.now() + DRAIN_MS_MAX;
  for (;;) {
    const waiting = await server.call<{ data: unknown[] }>("GET", "/v1/deliveries?status=waiting&limit=1");
    const arrived = new Set(proof.arrivals.map((arrival) => arrival.deliveryId));
    const missing = [...proof.sent.values()].some((request) => request.acknowledged && !arrived.has(request.deliveryId));
    if ((waiting.data.length === 0 && !missing) || performance.now() > deadline) break;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  let events = 0;
  let cursor: string | null = null;
  do {
    const page: { data: unknown[]; nextCursor: string | null } = await server.call(
      "GET",
      `/v1/events?limit=250${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    events += page.data.length;
    cursor = page.nextCursor;
  } while (cursor !== null);
  await server.stop();
  return events;
}

function integrityOf(file: string): string {
  const database = new DatabaseSync(file);
  const row = database.prepare("PRAGMA integrity_check").get() as { integrity_check: string };
  database.close();
  return row.integrity_check;
}

/** Records every arrival it answers with a 2xx; one in ten fails and must come again. */
async function startReceiver(arrivals: Arrived[], random: () => number): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (random() < 0.1) {
        response.writeHead(500).end();
        return;
      }
      const header = (name: string) => request.headers[name]?.toString() ?? "";
      arrivals.push({ deliveryId: header("x-github-delivery"), eventId: header("webhook-id"), bodyHash: hashOf(Buffer.concat(chunks)) });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** A small seeded generator, so that a failing run's kills can be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
