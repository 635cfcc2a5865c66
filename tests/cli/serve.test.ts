// `start` and `dev`: what they print, how they stop, and how a failed start reads.
import { describe, expect, test } from "vitest";
import type { RunningApp, StartApp } from "../../src/cli/command.ts";
import { run, runStarted, UNSAFE_OUTPUT } from "./rig.ts";

interface Started {
  startApp: StartApp;
  calls: Parameters<StartApp>[0][];
  closed: () => boolean;
}

function fakeApp(overrides: Partial<RunningApp> = {}): Started {
  const calls: Parameters<StartApp>[0][] = [];
  let closed = false;
  return {
    calls,
    closed: () => closed,
    async startApp(options) {
      calls.push(options);
      return {
        url: "http://127.0.0.1:4400",
        apiKey: null,
        apiKeyIsNew: false,
        devSource: null,
        async close() {
          closed = true;
        },
        ...overrides,
      };
    },
  };
}

describe("start", () => {
  test("is quiet on stdout, logs JSON, and stops cleanly on SIGTERM", async () => {
    const app = fakeApp();
    const running = runStarted(["start", "--port", "4999"], { startApp: app.startApp, environment: { POSTHORN_PROT: "1" } });
    await expect.poll(running.err, { interval: 5 }).toContain("Posthorn is ready.");
    running.signal("SIGTERM");
    const { exit, out, err } = await running.result;
    expect({ exit, out, closed: app.closed() }).toEqual({ exit: 0, out: "", closed: true });
    const records = err
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { msg: string });
    expect(records.map(({ msg }) => msg)).toEqual([
      expect.stringContaining("Did you mean POSTHORN_PORT?"),
      "Posthorn is ready.",
      "Stopping on SIGTERM.",
    ]);
    expect(app.calls[0]).toMatchObject({ mode: "start", settings: { port: 4999, outboundAllow: [], outboundPlainHttp: false } });
  });

  test("--json says where it listens", async () => {
    const running = runStarted(["start", "--json"], { startApp: fakeApp().startApp });
    await expect.poll(running.out, { interval: 5 }).toBe('{"url":"http://127.0.0.1:4400"}\n');
    running.signal("SIGINT");
    expect((await running.result).exit).toBe(0);
  });

  test("tells where a new key is, and never the key", async () => {
    const running = runStarted(["start"], { startApp: fakeApp({ apiKey: "hunter2-hunter2-hunter2", apiKeyIsNew: true }).startApp });
    await expect.poll(running.err, { interval: 5 }).toContain("posthorn-data/api-key");
    running.signal("SIGINT");
    const { out, err } = await running.result;
    expect(out + err).not.toContain("hunter2");
  });

  test("a second signal ends the process at once", async () => {
    const running = runStarted(["start"], {
      startApp: fakeApp({ close: () => new Promise(() => {}) }).startApp,
      environment: { POSTHORN_SHUTDOWN_GRACE_MS: "0" },
    });
    await expect.poll(running.err, { interval: 5 }).toContain("ready");
    running.signal("SIGINT");
    expect(running.exitedNow()).toBeNull();
    running.signal("SIGTERM");
    expect(running.exitedNow()).toBe(143);
    // The grace of 0 ms and its margin go by; the stop that hangs is then a failure.
    expect((await running.result).exit).toBe(1);
  });

  test("a signal during the start stops as soon as there is something to close", async () => {
    const app = fakeApp();
    const running = runStarted(["start"], { startApp: app.startApp });
    running.signal("SIGTERM");
    await expect.poll(app.closed, { interval: 5 }).toBe(true);
    expect((await running.result).exit).toBe(0);
  });

  test("all bad settings are reported at once, before anything starts", async () => {
    const app = fakeApp();
    const { exit, err } = await run(["start"], { startApp: app.startApp, environment: { POSTHORN_PORT: "x", POSTHORN_LOG_LEVEL: "loud" } });
    expect({ exit, calls: app.calls }).toEqual({ exit: 2, calls: [] });
    expect(err).toMatch(/^error: 2 settings are wrong:\n {2}POSTHORN_PORT .*\n {2}POSTHORN_LOG_LEVEL .*\n$/);
  });

  test.each([
    ["EADDRINUSE", "127.0.0.1:4400 is in use by another program"],
    ["EADDRNOTAVAIL", "no address 127.0.0.1"],
    ["EACCES", "not permitted"],
    ["ENOSPC", "is full"],
  ])("%s reads as a sentence with what to do", async (code, sentence) => {
    const { exit, err } = await run(["start"], { startApp: () => Promise.reject(Object.assign(new Error("raw"), { code })) });
    expect(exit).toBe(1);
    expect(err).toContain(sentence);
    expect(err).not.toContain("    at ");
  });

  test("a known reason is its message alone, a bug keeps its stack", async () => {
    const locked = await run(["start"], { startApp: () => Promise.reject(new Error("Another Posthorn is using the data directory.")) });
    expect(locked).toEqual({ exit: 1, out: "", err: "error: Another Posthorn is using the data directory.\n" });
    const bug = await run(["start"], { startApp: () => Promise.reject(new TypeError("x is not a function")) });
    expect(bug.err).toContain("    at ");
  });
});

describe("dev", () => {
  const app = () => fakeApp({ apiKey: "dev-key-of-sixteen", apiKeyIsNew: true, devSource: { url: "http://127.0.0.1:4400/in/tok" } });

  test("prints URL, key, ingest URL and a curl, and allows this machine as a receiver", async () => {
    const { startApp, calls } = app();
    const running = runStarted(["dev", "--quiet"], { startApp });
    await expect.poll(running.out, { interval: 5 }).toContain("Ctrl-C");
    running.signal("SIGINT");
    const { exit, out } = await running.result;
    expect(exit).toBe(0);
    expect(out).toContain("URL         http://127.0.0.1:4400\n");
    expect(out).toContain("API key     dev-key-of-sixteen\n");
    expect(out).toContain("Ingest URL  http://127.0.0.1:4400/in/tok\n");
    expect(out).toContain("curl -X POST 'http://127.0.0.1:4400/in/tok' -H 'content-type: application/json' -d ");
    expect(out).not.toMatch(UNSAFE_OUTPUT);
    expect(calls[0]).toMatchObject({ mode: "dev", settings: { outboundAllow: ["loopback"], outboundPlainHttp: true, logLevel: "warn" } });
  });

  test("keeps what the environment says", async () => {
    const { startApp, calls } = app();
    const running = runStarted(["dev", "--quiet"], {
      startApp,
      environment: { POSTHORN_OUTBOUND_ALLOW: "10.0.0.0/8", POSTHORN_OUTBOUND_PLAIN_HTTP: "false", POSTHORN_LOG_LEVEL: "info" },
    });
    running.signal("SIGINT");
    await running.result;
    expect(calls[0]).toMatchObject({ settings: { outboundAllow: ["10.0.0.0/8", "loopback"], outboundPlainHttp: false, logLevel: "info" } });
  });

  test("a preset key is not printed", async () => {
    const running = runStarted(["dev", "--quiet"], {
      startApp: fakeApp().startApp,
      environment: { POSTHORN_API_KEY: "hunter2-hunter2-hunter2" },
    });
    await expect.poll(running.out, { interval: 5 }).toContain("as set in POSTHORN_API_KEY");
    running.signal("SIGINT");
    expect((await running.result).out).not.toContain("hunter2");
  });

  test("--json starts with one object for programs", async () => {
    const { startApp } = app();
    const running = runStarted(["dev", "--quiet", "--json"], { startApp });
    await expect.poll(running.out, { interval: 5 }).toContain("\n");
    running.signal("SIGINT");
    expect(JSON.parse((await running.result).out)).toEqual({
      kind: "ready",
      url: "http://127.0.0.1:4400",
      apiKey: "dev-key-of-sixteen",
      ingestUrl: "http://127.0.0.1:4400/in/tok",
    });
  });
});
