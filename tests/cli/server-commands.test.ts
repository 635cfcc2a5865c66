// Commands that talk to a server: what they ask, what they print for people and programs, and how they fail.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NOW, run, runStarted, scriptedServer, UNSAFE_OUTPUT } from "./rig.ts";

const HOSTILE = "a\u001b[2J\u001b]8;;http://evil\u0007b\u009b1m\u202edcba\nSECOND";

const event = (type: string) => ({
  id: "evt_1",
  type,
  sourceId: "src_1",
  tenantId: null,
  key: null,
  providerEventId: null,
  channels: [],
  requestId: "req_1",
  receivedAt: new Date(NOW - 180_000).toISOString(),
  occurredAt: null,
  deliverAt: null,
  deliverBefore: null,
  contentType: "application/json",
  bodyBytes: 2048,
});

const page = (...data: unknown[]) => ({ json: { data, nextCursor: null } });

describe("lists", () => {
  test("show people an aligned table with relative times, and nothing else on stdout", async () => {
    await using server = await scriptedServer(() => page(event("invoice.paid")));
    const { exit, out, err } = await run(["events", "list"], { environment: server.environment });
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out).toBe("ID     RECEIVED  SOURCE  SIZE     TYPE\nevt_1  3m ago    src_1   2.0 KiB  invoice.paid\n");
  });

  test("give programs the server's document", async () => {
    await using server = await scriptedServer(() => page(event(HOSTILE)));
    const { out } = await run(["events", "list", "--json"], { environment: server.environment, terminal: true });
    expect(JSON.parse(out)).toEqual({ data: [event(HOSTILE)], nextCursor: null });
    expect(out).not.toMatch(UNSAFE_OUTPUT);
  });

  test("pass their filters on, times as RFC 3339", async () => {
    await using server = await scriptedServer(() => page());
    await run(["events", "list", "--type", "invoice.*", "--since", "2h", "--limit", "5"], { environment: server.environment });
    const query = new URL(server.received[0]!.url, "http://x").searchParams;
    expect(Object.fromEntries(query)).toEqual({ type: "invoice.*", since: "2026-11-21T10:00:00.000Z", limit: "5" });
    expect(server.received[0]!.authorization).toBe("Bearer test-key-of-sixteen");
  });

  test("say where to go on, and when there is nothing, on stderr", async () => {
    await using more = await scriptedServer(() => ({ json: { data: [event("a")], nextCursor: "c1" } }));
    expect((await run(["events", "list"], { environment: more.environment })).err).toBe("There is more: add --cursor c1\n");
    await using none = await scriptedServer(() => page());
    expect(await run(["events", "list"], { environment: none.environment })).toEqual({ exit: 0, out: "", err: "No event matches.\n" });
  });

  test.each(["requests", "deliveries", "sources", "destinations", "subscriptions", "jobs"])(
    "%s list answers JSON and an empty page",
    async (noun) => {
      await using server = await scriptedServer(() => page());
      const { exit, out } = await run([noun, "list", "--json"], { environment: server.environment });
      expect(exit).toBe(0);
      expect(JSON.parse(out)).toEqual({ data: [], nextCursor: null });
      expect(server.received[0]!.url).toBe(`/v1/${noun}`);
    },
  );
});

describe("what is shown is safe and plain", () => {
  test("hostile data neither acts on the terminal nor starts a line", async () => {
    await using server = await scriptedServer(() => page(event(HOSTILE)));
    const { out } = await run(["events", "list"], { environment: server.environment });
    expect(out).not.toMatch(UNSAFE_OUTPUT);
    expect(out.trimEnd().split("\n")).toHaveLength(2);
    expect(out).toContain("\\x1b[2J");
  });

  test("hostile error texts are escaped too", async () => {
    await using server = await scriptedServer(() => ({
      status: 422,
      json: { detail: HOSTILE, errors: [{ path: HOSTILE, message: "no" }] },
    }));
    expect((await run(["events", "list"], { environment: server.environment })).err).not.toMatch(UNSAFE_OUTPUT);
  });

  const ESCAPE = "\u001b[";
  test.each([
    ["a terminal", { terminal: true, noColor: "" }, [], true],
    ["NO_COLOR", { terminal: true, noColor: "1" }, [], false],
    ["--no-color", { terminal: true, noColor: "" }, ["--no-color"], false],
    ["a pipe", { terminal: false, noColor: "" }, [], false],
  ])("colours with %s", async (_name, { terminal, noColor }, flags, colored) => {
    await using server = await scriptedServer(() => page(event("a")));
    const { out } = await run(["events", "list", ...flags], { environment: { ...server.environment, NO_COLOR: noColor }, terminal });
    expect(out.includes(ESCAPE)).toBe(colored);
  });

  test("the last column is cut to a terminal's width, and never in a pipe", async () => {
    await using server = await scriptedServer(() => page(event("x".repeat(300))));
    const narrow = await run(["events", "list"], { environment: server.environment, columns: 60 });
    expect(Math.max(...narrow.out.split("\n").map((line) => line.length))).toBe(60);
    expect((await run(["events", "list"], { environment: server.environment })).out).toContain("x".repeat(300));
  });
});

describe("one thing", () => {
  test("an event with its headers, body and deliveries", async () => {
    const full = {
      ...event("a"),
      request: {
        method: "POST",
        pathTail: "/x",
        query: "y=1",
        headers: [
          ["X-A", "1"],
          ["x-a", HOSTILE],
        ],
        remoteAddress: "10.0.0.1",
      },
      body: '{"b":1}',
      bodyEncoding: "utf8",
    };
    await using server = await scriptedServer(({ url }) => (url.startsWith("/v1/events/") ? { json: full } : page()));
    const { exit, out, err } = await run(["events", "get", "evt_1"], { environment: server.environment });
    expect(exit).toBe(0);
    expect(out).toContain("POST /x?y=1");
    expect(out).toContain('{\n  "b": 1\n}');
    expect(out).not.toMatch(UNSAFE_OUTPUT);
    expect(err).toContain("no deliveries");
    expect(server.received[1]!.url).toBe("/v1/deliveries?eventId=evt_1");
  });

  test("an id from outside stays one path segment", async () => {
    await using server = await scriptedServer(() => ({ status: 404, json: { detail: "no" } }));
    await run(["events", "get", "../api-keys?x=1"], { environment: server.environment });
    expect(server.received[0]!.url).toBe("/v1/events/..%2Fapi-keys%3Fx%3D1");
  });
});

describe("actions", () => {
  test("act on every id, and end with the first failure's code", async () => {
    await using server = await scriptedServer(({ url }) =>
      url.includes("dlv_2") ? { status: 409, json: { detail: "It is cancelled." } } : { json: { id: "x" } },
    );
    const { exit, out, err } = await run(["deliveries", "retry", "dlv_1", "dlv_2", "dlv_3"], { environment: server.environment });
    expect(exit).toBe(5);
    expect(out).toBe("dlv_1 is tried again now.\ndlv_3 is tried again now.\n");
    expect(err).toContain("dlv_2: It is cancelled.");
    expect(server.received.map(({ method, url }) => `${method} ${url}`)).toEqual(
      ["dlv_1", "dlv_2", "dlv_3"].map((id) => `POST /v1/deliveries/${id}/retry`),
    );
  });

  test("creating sends the fields of flags and file, secrets from stdin", async () => {
    await using server = await scriptedServer(({ body }) => ({
      status: 201,
      json: { id: "src_1", url: "http://x/in/t", provider: "hmac", ...(body as object) },
    }));
    const from = join(mkdtempSync(join(tmpdir(), "posthorn-cli-")), "source.json");
    writeFileSync(from, '{"name":"file","enabled":false}');
    const { exit, out } = await run(
      ["sources", "create", "--from", from, "--name", "flag", "--param", "header=x-sig", "--secret-file", "-", "--json"],
      { environment: server.environment, stdin: "hush\n" },
    );
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id: "src_1" });
    expect(server.received[0]!.body).toEqual({ name: "flag", enabled: false, params: { header: "x-sig" }, secrets: ["hush"] });
  });

  test("a dry replay says what it would do", async () => {
    await using server = await scriptedServer(() => ({ json: { dryRun: true, events: 7, deliveries: 9 } }));
    const { out } = await run(["jobs", "replay", "--since", "1h", "--dry-run"], { environment: server.environment });
    expect(out).toBe("It would take 7 events and make 9 deliveries. Nothing was done.\n");
    expect(server.received[0]!.body).toEqual({ kind: "replay", filter: { since: "2026-11-21T11:00:00.000Z" }, dryRun: true });
  });

  test("waiting follows a job to its end", async () => {
    let asked = 0;
    const job = (status: string) => ({
      json: {
        id: "job_1",
        kind: "replay",
        status,
        progress: 1,
        eventsSeen: 1,
        eventsTotal: 1,
        deliveriesCreated: 1,
        deliveriesTotal: 1,
        message: null,
        createdAt: new Date(NOW).toISOString(),
      },
    });
    await using server = await scriptedServer(({ method }) => job(method === "POST" || ++asked < 2 ? "running" : "finished"));
    const { exit, out } = await run(["jobs", "replay", "--wait"], { environment: server.environment });
    expect(exit).toBe(0);
    expect(out).toContain("finished");
    expect(asked).toBe(2);
  });
});

describe("failures", () => {
  test.each([
    [400, 2],
    [401, 3],
    [403, 3],
    [404, 4],
    [409, 5],
    [422, 2],
    [408, 124],
    [500, 1],
    [503, 1],
  ])("HTTP %i ends with exit code %i and the server's words", async (status, code) => {
    await using server = await scriptedServer(() => ({
      status,
      type: "application/problem+json",
      json: { title: "Title", detail: "What is wrong.", errors: [{ path: "name", message: "is too long" }] },
    }));
    const { exit, out, err } = await run(["sources", "list", "--json"], { environment: server.environment });
    expect({ exit, out }).toEqual({ exit: code, out: "" });
    expect(err).toBe(`error: What is wrong. (HTTP ${status})\n  name: is too long\n`);
  });

  test("no server on the data directory: one sentence with what to do", async () => {
    const { exit, out, err } = await run(["events", "list"], { environment: { POSTHORN_DATA_DIR: "/nowhere" } });
    expect({ exit, out }).toEqual({ exit: 1, out: "" });
    expect(err).toBe('error: No server runs on the data directory /nowhere. Start one with "posthorn dev", or name one with --url.\n');
  });

  test("nobody answers: one sentence with what to do", async () => {
    let url: string;
    {
      await using server = await scriptedServer(() => ({}));
      url = server.url;
    }
    const { exit, err } = await run(["events", "list"], { environment: { POSTHORN_URL: url, POSTHORN_API_KEY: "k".repeat(16) } });
    expect(exit).toBe(1);
    expect(err).toMatch(/^error: No server answers at http:\/\/127\.0\.0\.1:\d+\. Start it with "posthorn dev".*\n$/);
  });

  test("an answer that is not JSON, and a redirect, are failures", async () => {
    await using html = await scriptedServer(() => ({ text: "<html>", type: "text/html" }));
    expect((await run(["events", "list"], { environment: html.environment })).err).toContain("not JSON");
    await using moved = await scriptedServer(() => ({ status: 302, text: "" }));
    expect((await run(["events", "list"], { environment: moved.environment })).exit).toBe(1);
  });
});

describe("which server and which key", () => {
  function dataDirectory(url: string): string {
    const path = mkdtempSync(join(tmpdir(), "posthorn-data-"));
    writeFileSync(join(path, "server.json"), JSON.stringify({ url, pid: 1 }));
    writeFileSync(join(path, "api-key"), "local-key-of-sixteen\n");
    return path;
  }

  test("a local server is found by its data directory", async () => {
    await using server = await scriptedServer(() => page());
    const { exit } = await run(["events", "list", "--data-dir", dataDirectory(server.url)]);
    expect(exit).toBe(0);
    expect(server.received[0]!.authorization).toBe("Bearer local-key-of-sixteen");
  });

  test("its key goes to no other server", async () => {
    await using server = await scriptedServer(() => page());
    const { exit, err } = await run(["events", "list", "--url", server.url, "--data-dir", dataDirectory("http://127.0.0.1:1")]);
    expect(exit).toBe(3);
    expect(err).toContain("POSTHORN_API_KEY");
    expect(server.received).toEqual([]);
  });

  test("flags win over the environment", async () => {
    await using server = await scriptedServer(() => page());
    const keyFile = join(mkdtempSync(join(tmpdir(), "posthorn-key-")), "key");
    writeFileSync(keyFile, "file-key-of-sixteen\n");
    await run(["events", "list", "--url", server.url, "--api-key-file", keyFile], {
      environment: { POSTHORN_URL: "http://127.0.0.1:1", POSTHORN_API_KEY: "k".repeat(16) },
    });
    expect(server.received[0]!.authorization).toBe("Bearer file-key-of-sixteen");
  });
});

describe("tail", () => {
  const entries = [
    { kind: "event.accepted", at: new Date(NOW).toISOString(), sourceId: "src_1", eventId: "evt_1", type: HOSTILE, bodyBytes: 10 },
    {
      kind: "delivery.attempted",
      at: new Date(NOW).toISOString(),
      deliveryId: "dlv_1",
      eventId: "evt_1",
      destinationId: "dst_1",
      number: 1,
      status: 500,
      failure: null,
      durationMs: 12.4,
      state: "waiting",
      nextAttemptAt: new Date(NOW + 65_000).toISOString(),
    },
    { kind: "something.new", at: new Date(NOW).toISOString() },
    { kind: "request.handshake", at: new Date(NOW).toISOString(), sourceId: "src_1", method: "GET", message: HOSTILE },
  ];
  const stream = () => ({
    type: "text/event-stream",
    text: `: hello\n\n${entries.map((entry) => `event: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`).join("")}`,
  });

  test("prints a line an entry for people", async () => {
    await using server = await scriptedServer(stream);
    const { out } = await run(["tail"], { environment: server.environment });
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain("[500] dst_1  evt_1  12 ms  attempt 1, waiting, next in 1m");
    expect(lines[2]).toContain("something.new");
    expect(lines[3]).toMatch(/handshake {2}GET a.*src_1$/);
    expect(out).not.toMatch(UNSAFE_OUTPUT);
  });

  test("prints JSON lines for programs", async () => {
    await using server = await scriptedServer(stream);
    const { out } = await run(["tail", "--json", "--kind", "event.accepted"], { environment: server.environment });
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(entries);
    expect(server.received[0]!.url).toBe("/v1/tail?kind=event.accepted");
  });

  test("says when it could not keep up", async () => {
    await using server = await scriptedServer(() => ({ type: "text/event-stream", text: 'event: dropped\ndata: {"count":3}\n\n' }));
    expect((await run(["tail"], { environment: server.environment })).out).toBe("… 3 entries were too many to follow\n");
    expect((await run(["tail", "--json"], { environment: server.environment })).out).toBe('{"kind":"dropped","count":3}\n');
  });

  test("a stream that the server ends is a failure", async () => {
    await using server = await scriptedServer(stream);
    const { exit, err } = await run(["tail"], { environment: server.environment });
    expect(exit).toBe(1);
    expect(err).toContain("closed the stream");
  });

  test("Ctrl-C ends it at once, and well", async () => {
    await using server = await scriptedServer(() => ({ ...stream(), open: true }));
    const running = runStarted(["tail", "--json"], { environment: server.environment });
    await expect.poll(() => running.out().split("\n").length, { interval: 5 }).toBe(entries.length + 1);
    running.signal("SIGINT");
    expect((await running.result).exit).toBe(0);
  });
});
