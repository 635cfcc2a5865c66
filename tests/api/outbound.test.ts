// What the API says of a destination's outbound side: doors it keeps shut, secrets it keeps, and what it shows of an attempt.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockedUrl } from "../kit/blocked-addresses.ts";
import { type RawReceiver, type Receiver, startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { startTestProxy } from "../outbound/forward-proxy.ts";
import { createAuthority, startSecureReceiver } from "../outbound/secure-receiver.ts";
import { eventually, fieldsOf, type Fixture, type Reply, startFixture } from "./fixture.ts";

let app: Fixture;
let strict: Fixture;
let receiver: Receiver;
let canary: RawReceiver;
beforeAll(async () => {
  const respond = ({ url }: { url: string }) => {
    const status = Number(/\d{3}$/.exec(url)?.[0] ?? 200);
    return { status, headers: { location: "https://hooks.example.com/new" } };
  };
  [app, strict, receiver, canary] = await Promise.all([
    startFixture(),
    startFixture({ POSTHORN_OUTBOUND_ALLOW: "", POSTHORN_PUBLIC_URL: "https://in.example.com/base" }),
    startReceiver({ respond }),
    startRawReceiver(undefined, { host: "::" }).catch(() => startRawReceiver(undefined, { host: "0.0.0.0" })),
  ]);
});
afterAll(() => Promise.all([app.close(), strict.close(), receiver.close(), canary.close()]));

const authority = createAuthority("an authority");
const client = authority.issue(["client"]);
const make = (fields: object = {}, on = app) =>
  on.post("/v1/destinations", { name: "d", type: "http", url: "https://example.com/hook", ...fields });

const OAUTH = { kind: "oauth2", tokenUrl: "https://login.example.com/token", clientId: "me", clientSecret: "a secret of some length" };
const AWS = {
  kind: "aws-sigv4",
  region: "eu-central-1",
  service: "lambda",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "a secret of some length",
  sessionToken: "a session of some length",
};
const TLS = { caPem: authority.certificate.cert, clientCertPem: client.cert, clientKeyPem: client.key, serverName: "hooks.example.com" };

/** The only attempt at a destination, once it was made. */
async function attemptAt(destination: { id: string }): Promise<Reply["body"]> {
  const reply = await eventually(
    () => app.get(`/v1/attempts?destinationId=${destination.id}`),
    ({ body }) => body.data.length > 0,
  );
  return (await app.get(`/v1/attempts/${reply.body.data[0].id}`)).body;
}

async function attempted(url: string, destination: object = {}): Promise<Reply["body"]> {
  const pipe = await app.pipe(url, { destination: { retry: { scheduleMs: [0] }, ...destination } });
  await app.ingest(pipe.source.url, '{"a":1}');
  return attemptAt(pipe.destination);
}

describe("a destination that leads inside", () => {
  test("is 422 at its URL and at its token URL, when it is made and when it is changed, in any spelling", async () => {
    const { id } = (await make({ auth: OAUTH }, strict)).body;
    await fc.assert(
      fc.asyncProperty(blockedUrl(canary.port), async (url) => {
        const auth = { ...OAUTH, tokenUrl: url };
        const replies = await Promise.all([
          make({ url }, strict),
          make({ auth }, strict),
          strict.call("PATCH", `/v1/destinations/${id}`, { body: { url } }),
          strict.call("PATCH", `/v1/destinations/${id}`, { body: { auth } }),
        ]);
        expect(replies.map((reply) => [reply.status, fieldsOf(reply)])).toEqual([
          [422, ["url"]],
          [422, ["auth.tokenUrl"]],
          [422, ["url"]],
          [422, ["auth.tokenUrl"]],
        ]);
      }),
      { numRuns: 40 },
    );
    expect(canary.connections).toBe(0);
  });

  test.each(["https://in.example.com/base/in/abc", "https://IN.example.com./base/x/../in/abc", "https://in.example.com:443/base/in/"])(
    "is 422 for the server's own ingest, %s",
    async (url) => {
      const reply = await make({ url }, strict);
      expect([reply.status, fieldsOf(reply)]).toEqual([422, ["url"]]);
      expect(reply.text).toContain("in a circle");
    },
  );
  test("is not one beside that ingest", async () => {
    for (const url of ["https://in.example.com/base/hook", "https://in.example.com/in/abc", "https://example.com/base/in/abc"]) {
      expect((await make({ url }, strict)).status, url).toBe(201);
    }
  });
  test("is 422 for the server's own port on any address of this machine", async () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]", "127.8.9.10", "0.0.0.0"]) {
      expect((await make({ url: `http://${host}:${app.port}/in/x` })).status, host).toBe(422);
    }
  });
});

describe("credentials and certificates", () => {
  test("are masked when shown, and survive a restart sealed", async () => {
    const made = await Promise.all([make({ auth: OAUTH, tls: TLS, http2: true }), make({ auth: AWS })]);
    await app.restart();
    const shown = await Promise.all(made.map(({ body }) => app.get(`/v1/destinations/${body.id}`)));
    for (const reply of [...made, ...shown]) expect(reply.text).not.toMatch(/of some length|PRIVATE KEY/);
    expect(shown[0]!.body).toMatchObject({
      auth: { kind: "oauth2", clientId: "me", clientSecret: { hint: "…ngth" }, scope: null, audience: null, style: "basic" },
      tls: { ...TLS, clientKeyPem: { hint: "…" } },
      http2: true,
    });
    expect(shown[1]!.body).toMatchObject({
      auth: { kind: "aws-sigv4", accessKeyId: "AKIDEXAMPLE", secretAccessKey: { hint: "…ngth" }, sessionToken: { hint: "…ngth" } },
      tls: null,
      http2: false,
    });
  });

  test("can be changed and taken away", async () => {
    const { id } = (await make({ tls: TLS, auth: AWS })).body;
    const patched = await app.call("PATCH", `/v1/destinations/${id}`, { body: { tls: null, auth: { kind: "none" } } });
    expect([patched.status, patched.body.tls, patched.body.auth]).toEqual([200, null, { kind: "none" }]);
  });

  const stranger = authority.issue(["stranger"]);
  test.each<[object, string]>([
    [{ auth: { ...OAUTH, tokenUrl: "ftp://example.com" } }, "auth.tokenUrl"],
    [{ auth: { ...OAUTH, style: "cookie" } }, "auth.style"],
    [{ auth: { ...OAUTH, clientSecret: "" } }, "auth.clientSecret"],
    [{ auth: { ...AWS, region: "eu central" } }, "auth.region"],
    [{ auth: { ...AWS, service: "lambda/aws4_request" } }, "auth.service"],
    [{ auth: { ...AWS, accessKeyId: "A,SignedHeaders=x" } }, "auth.accessKeyId"],
    [{ auth: { ...AWS, sessionToken: "a\r\nb" } }, "auth.sessionToken"],
    [{ tls: { caPem: "no PEM" } }, "tls.caPem"],
    [{ tls: { caPem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" } }, "tls.caPem"],
    [{ tls: { clientCertPem: client.cert } }, "tls.clientKeyPem"],
    [{ tls: { clientKeyPem: client.key } }, "tls.clientCertPem"],
    [{ tls: { clientCertPem: client.cert, clientKeyPem: "no PEM" } }, "tls.clientKeyPem"],
    [{ tls: { clientCertPem: client.cert, clientKeyPem: stranger.key } }, "tls.clientKeyPem"],
    [{ tls: { serverName: "a b" } }, "tls.serverName"],
    [{ tls: { rejectUnauthorized: false } }, "tls.rejectUnauthorized"],
    [{ http2: "yes" }, "http2"],
    [{ headers: { "posthorn-hops": "0" } }, "headers.posthorn-hops"],
  ])("422 for case %#, at %j", async (fields, path) => {
    const reply = await make(fields);
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply)[0]).toBe(path);
    expect(reply.text).not.toMatch(/of some length|PRIVATE KEY/);
  });
});

describe("an attempt", () => {
  test("shows the request as sent, the times, the connection, and no diagnosis when all is well", async () => {
    const attempt = await attempted(`${receiver.url}/hook`, { auth: { kind: "bearer", token: "a token of some length" } });
    expect(attempt).toMatchObject({
      response: { status: 200, bytesReceived: 0 },
      connection: { remote: "loopback", httpVersion: "1.1", tlsVersion: null, certificateExpiresAt: null, certificateDaysLeft: null },
      diagnosis: null,
    });
    expect(attempt.timings.firstByteMs).toBeGreaterThanOrEqual(0);
    const arrival = receiver.arrivals.find(({ url }) => url === "/hook")!;
    const sent = attempt.request.headers as [string, string][];
    expect(sent.map(([name]) => name)).toEqual(arrival.rawHeaders.filter((_, i) => i % 2 === 0));
    for (const [name, value] of sent) expect(value, name).toBe(name === "authorization" ? "***" : arrival.header(name));
  });

  test.each([
    ["/401", /signing secret/],
    ["/404", /path/],
    ["/308", /hooks\.example\.com/],
    ["/500", /log/],
  ])("that ends at %s says what to do", async (path, fix) => {
    const { diagnosis } = await attempted(`${receiver.url}${path}`);
    expect(diagnosis).toMatchObject({ severity: "error", fix: expect.stringMatching(fix) });
  });

  test("over TLS shows its version and the days left, and warns when they are few", async () => {
    const soon = new Date(Date.now() + 9.5 * 86_400_000);
    const { key, cert } = authority.issue(["127.0.0.1"], { to: soon });
    const mutual = await startSecureReceiver({ key, cert, requestCert: true, rejectUnauthorized: true, ca: authority.certificate.cert });
    const attempt = await attempted(`https://127.0.0.1:${mutual.port}/`, { tls: { ...TLS, serverName: null }, http2: true });
    expect(attempt).toMatchObject({
      response: { status: 200 },
      connection: { tlsVersion: "TLSv1.3", httpVersion: "2", certificateDaysLeft: 9, reused: false },
      diagnosis: { severity: "warning", summary: expect.stringContaining("9 days") },
    });
    expect(Date.parse(attempt.connection.certificateExpiresAt)).toBe(Math.floor(soon.getTime() / 1000) * 1000);
    expect(mutual.clients).toEqual([client.commonName]);
    await mutual.close();
  });

  test("through the operator's proxy reaches a name that only the proxy knows, and shows none of its credentials", async () => {
    const proxy = await startTestProxy(() => receiver.port);
    const proxied = await startFixture({
      POSTHORN_OUTBOUND_ALLOW: "",
      POSTHORN_OUTBOUND_PROXY: `http://someone:proxy-password@127.0.0.1:${proxy.port}`,
    });
    const pipe = await proxied.pipe("http://only-the-proxy.example.com/through-the-proxy");
    await proxied.ingest(pipe.source.url, "{}");
    await receiver.waitFor((arrivals) => arrivals.some(({ url }) => url === "/through-the-proxy"));
    const reply = await eventually(
      () => proxied.get(`/v1/attempts?destinationId=${pipe.destination.id}`),
      ({ body }) => body.data.length > 0,
    );
    expect(reply.body.data[0]).toMatchObject({ response: { status: 200 }, connection: { remote: "proxy" }, diagnosis: null });
    expect(reply.text).not.toMatch(/proxy-password|someone|proxy-authorization/i);
    expect(proxy.heads).toHaveLength(1);
    await Promise.all([proxied.close(), proxy.close()]);
  });

  test("that was never sent says so", async () => {
    const closed = await startRawReceiver();
    await closed.close();
    const attempt = await attempted(closed.url);
    expect(attempt).toMatchObject({
      response: null,
      failure: { code: "connect_refused" },
      connection: { remote: null, httpVersion: null },
      diagnosis: { owner: "receiver", fix: expect.stringContaining("port") },
    });
  });
});
