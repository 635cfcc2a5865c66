// Destinations on the command line: every field a flag sets, secrets from files and stdin only, and health in words.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NOW, run, scriptedServer, UNSAFE_OUTPUT } from "./rig.ts";

const directory = mkdtempSync(join(tmpdir(), "posthorn-cli-"));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const ago = (ms: number) => new Date(NOW - ms).toISOString();
const HEALTHY = { phase: "closed", since: null, probeAt: null, failingSince: null, reason: null, concurrency: 10 };
const DESTINATION = {
  id: "dst_1",
  name: "shop",
  type: "http",
  tenantId: "acme",
  url: "https://shop.example/in",
  state: { kind: "active" },
  retry: { scheduleMs: [0, 5_000, 90_000, 7_200_000, 86_400_000, 250], jitter: 0.2 },
  deadlineMs: 20_000,
  concurrencyMax: 10,
  adaptiveConcurrency: true,
  rateLimit: { count: 100, per: "minute" },
  auth: { kind: "oauth2" },
  signature: { kind: "standard-webhooks", secrets: [] },
  tls: { caPem: "…", clientCertPem: "…", clientKeyPem: { hint: "…" }, serverName: "inner.example" },
  http2: true,
  health: HEALTHY,
};

/** The body that a command line sent, and to where. */
async function sent(argv: string[], stdin = "") {
  await using server = await scriptedServer(() => ({ status: 201, json: { ...DESTINATION } }));
  const result = await run(["destinations", ...argv], { environment: server.environment, stdin });
  const [request] = server.received;
  return { ...result, target: `${request?.method} ${request?.url}`, body: request?.body };
}

describe("create and update", () => {
  test("send what each flag says, and nothing that none says", async () => {
    const flags: [string[], object][] = [
      [["--name", "shop", "--to", "https://x.example/"], { name: "shop", url: "https://x.example/" }],
      [["--header", "X-Team: blue", "--header", "X-B: c: d"], { headers: { "X-Team": "blue", "X-B": "c: d" } }],
      [["--rate", "10/second"], { rateLimit: { count: 10, per: "second" } }],
      [["--rate", "none"], { rateLimit: null }],
      [["--concurrency", "3", "--deadline-ms", "900"], { concurrencyMax: 3, deadlineMs: 900 }],
      [["--adaptive-concurrency"], { adaptiveConcurrency: true }],
      [["--no-adaptive-concurrency", "--http2"], { adaptiveConcurrency: false, http2: true }],
      [["--no-http2"], { http2: false }],
      [["--retry-schedule", "0s,250ms,5s,5m,2h,1d"], { retry: { scheduleMs: [0, 250, 5_000, 300_000, 7_200_000, 86_400_000] } }],
      [["--server-name", "inner.example"], { tls: { serverName: "inner.example" } }],
    ];
    for (const [given, body] of flags) {
      const updated = await sent(["update", "dst_1", ...given]);
      expect(updated).toMatchObject({ exit: 0, err: "", target: "PATCH /v1/destinations/dst_1" });
      expect(updated.body).toEqual(body);
      const created = await sent(["create", ...given]);
      expect(created.target).toBe("POST /v1/destinations");
      expect(created.body).toEqual({ type: "http", ...body });
    }
  });

  test("create names the tenant, and update does not know the flag", async () => {
    expect((await sent(["create", "--tenant", "acme"])).body).toEqual({ type: "http", tenantId: "acme" });
    expect(await sent(["update", "dst_1", "--tenant", "acme"])).toMatchObject({ exit: 2, body: undefined });
  });

  test("read certificates and secrets from files and stdin", async () => {
    const [ca, cert] = [file("ca.pem", "of an authority\n"), file("cert.pem", "of a client\n")];
    const tls = await sent(["create", "--ca-file", ca, "--client-cert-file", cert, "--client-key-file", "-"], "a key\n");
    expect(tls.body).toMatchObject({
      tls: { caPem: "of an authority\n", clientCertPem: "of a client\n", clientKeyPem: "a key" },
    });
    const oauth = ["--oauth2-token-url", "https://login.example/t", "--oauth2-client-id", "me", "--oauth2-scope", "a b"];
    const secret = file("secret.txt", "not a real secret\n");
    expect((await sent(["update", "dst_1", ...oauth, "--oauth2-client-secret-file", secret])).body).toEqual({
      auth: {
        kind: "oauth2",
        tokenUrl: "https://login.example/t",
        clientId: "me",
        clientSecret: "not a real secret",
        scope: "a b",
      },
    });
    const aws = ["--aws-sigv4-region", "eu-central-1", "--aws-sigv4-service", "lambda", "--aws-sigv4-access-key-id", "AKIDEXAMPLE"];
    const files = ["--aws-sigv4-secret-access-key-file", "-", "--aws-sigv4-session-token-file", secret];
    expect((await sent(["update", "dst_1", ...aws, ...files], "from stdin")).body).toEqual({
      auth: {
        kind: "aws-sigv4",
        region: "eu-central-1",
        service: "lambda",
        accessKeyId: "AKIDEXAMPLE",
        secretAccessKey: "from stdin",
        sessionToken: "not a real secret",
      },
    });
  });

  test("flags win over the file", async () => {
    const from = file("destination.json", '{"name":"file","forwardPath":true}');
    expect((await sent(["update", "dst_1", "--from", from, "--name", "flag"])).body).toEqual({ name: "flag", forwardPath: true });
  });

  test.each([
    [["update", "dst_1"], "Nothing is to be changed"],
    [["update"], "missing required argument 'id'"],
    [["create", "--rate", "10"], "--rate takes a number and a unit, such as 10/second"],
    [["create", "--rate", "10/day"], "--rate takes"],
    [["create", "--retry-schedule", "0s,soon"], '--retry-schedule takes spans such as 0s,5s,5m,2h (units ms, s, m, h, d); "soon" is none.'],
    [["create", "--concurrency", "0"], "--concurrency takes a whole number from 1 to 1000."],
    [["create", "--header", "no header"], "is no header line"],
    [["create", "--client-key-file", "-", "--oauth2-client-secret-file", "-"], "Only one file can come from stdin."],
    [["create", "--from", "-", "--client-key-file", "-"], "Only one file can come from stdin."],
    [["create", "--oauth2-client-id", "a", "--aws-sigv4-region", "b"], "authenticates in one way"],
    [["create", "--oauth2-client-secret-file", "/nowhere/secret"], "cannot be read (ENOENT)"],
    [["create", "--oauth2-client-secret", "hunter2"], "unknown option"],
  ])("%j is a usage error, and nothing is sent", async (argv, message) => {
    const { exit, err, body } = await sent(argv);
    expect({ exit, body }).toEqual({ exit: 2, body: undefined });
    expect(err).toContain(message);
  });
});

describe("get", () => {
  async function shown(changes: object): Promise<string> {
    await using server = await scriptedServer(() => ({ json: { ...DESTINATION, ...changes } }));
    const { exit, out } = await run(["destinations", "get", "dst_1"], { environment: server.environment });
    expect(exit).toBe(0);
    expect(server.received[0]!.url).toBe("/v1/destinations/dst_1");
    return out;
  }

  test("says what is set", async () => {
    expect(await shown({})).toBe(
      [
        "id              dst_1",
        "name            shop",
        "tenant          acme",
        "delivers to     https://shop.example/in",
        "state           active",
        "health          well",
        "rate            100 a minute at most",
        "concurrency     10 at once, fewer while it does badly",
        "deadline        20000 ms",
        "attempts        0s, 5s, 90s, 2h, 1d, 250ms",
        "authentication  oauth2",
        "signature       standard-webhooks",
        "tls             authorities of its own, a client certificate, as inner.example",
        "http/2          where it is offered",
        "",
      ].join("\n"),
    );
  });

  const OPEN = {
    phase: "open",
    since: ago(1_000),
    probeAt: ago(-30_000),
    failingSince: ago(7_200_000),
    reason: "It broke.",
    concurrency: 0,
  };
  const PAUSED = { kind: "paused", since: ago(60_000) };
  test.each([
    [{ health: { ...HEALTHY, failingSince: ago(60_000) } }, "attempts go out, but fail. Every attempt has failed since 1m ago."],
    [{ health: OPEN }, "failing: deliveries are parked, and it is tested in 30s. It broke. Every attempt has failed since 2h ago."],
    [{ health: OPEN, state: PAUSED }, "failing: deliveries are parked, and it is tested once it is resumed. It broke."],
    [
      { health: { ...OPEN, phase: "half-open", probeAt: null, concurrency: 1 } },
      "recovering: one attempt tests it, and the others wait. It broke.",
    ],
    [{ health: { ...HEALTHY, concurrency: 4 } }, "10 at once, fewer while it does badly; 4 now"],
    [{ state: PAUSED }, "paused 1m ago"],
    [{ state: { kind: "disabled", since: ago(60_000), reason: "It is gone." } }, "disabled 1m ago: It is gone."],
  ])("says of %j in words how it fares", async (changes, words) => {
    expect(await shown(changes)).toContain(words);
  });

  test("shows nothing that acts on a terminal", async () => {
    const hostile = "a\u001b[2J\u202eb";
    expect(await shown({ name: hostile, health: { ...OPEN, reason: hostile } })).not.toMatch(UNSAFE_OUTPUT);
  });
});

test("lists go by tenant, and a subscription is made for one", async () => {
  await using server = await scriptedServer(({ method }) => ({
    json:
      method === "GET"
        ? { data: [], nextCursor: null }
        : { id: "sub_1", sourceId: null, tenantId: "acme", destinationId: "dst_1", eventTypes: [] },
  }));
  const { environment } = server;
  await run(["destinations", "list", "--tenant", "acme"], { environment });
  await run(["subscriptions", "list", "--tenant", "acme"], { environment });
  const made = await run(["subscriptions", "create", "--destination", "dst_1", "--tenant", "acme"], { environment });
  expect(server.received.map(({ url }) => url)).toEqual([
    "/v1/destinations?tenantId=acme",
    "/v1/subscriptions?tenantId=acme",
    "/v1/subscriptions",
  ]);
  expect(server.received[2]!.body).toEqual({ destinationId: "dst_1", tenantId: "acme" });
  expect(made.out).toContain("tenant  acme");
});
