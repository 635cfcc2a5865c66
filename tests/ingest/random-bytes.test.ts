// Whatever bytes come: the server stays up, and nobody gets a 2xx from a source that wants a signature.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fixture, startFixture } from "../api/fixture.ts";
import { eventsOf, makeSource, openWire, post, type SourceRig, wire } from "./wire.ts";

let app: Fixture;
let signed: SourceRig;
let open: SourceRig;
beforeAll(async () => {
  app = await startFixture();
  signed = await makeSource(app, { provider: "github" });
  open = await makeSource(app);
});
afterAll(() => app.close());

/** Writes, hangs up its own side, and answers everything that came back before the server closed. */
async function outcome(bytes: Uint8Array): Promise<string> {
  const connection = await openWire(app.port);
  connection.socket.end(bytes);
  const { text } = await connection.ended();
  connection.socket.destroy();
  return text;
}

async function expectRefused(bytes: Uint8Array): Promise<void> {
  expect(await outcome(bytes)).not.toMatch(/HTTP\/1\.1 [235]\d\d/);
}

const latin1 = (text: string) => Buffer.from(text, "latin1");
const byteText = (max: number) => fc.uint8Array({ maxLength: max }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,60}$/);
const name = fc.oneof(
  token,
  fc.constantFrom(
    "X-Hub-Signature-256",
    "X-GitHub-Delivery",
    "Content-Type",
    "Content-Encoding",
    "Authorization",
    "Expect",
    "Upgrade",
    "Trailer",
    "__proto__",
  ),
);
const signature = fc.oneof(
  value,
  byteText(40),
  fc.stringMatching(/^sha256=[0-9a-fA-F]{0,70}$/),
  fc.constantFrom("sha256=", "sha256", "sha1=00"),
);

test("random bytes in the place of a request", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), (bytes) => expectRefused(bytes)),
    { numRuns: 150 },
  );
});

test("random bytes behind a right request line", async () => {
  await fc.assert(
    fc.asyncProperty(byteText(500), byteText(500), (head, body) =>
      expectRefused(latin1(`POST ${signed.path} HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${body}`)),
    ),
    { numRuns: 200 },
  );
});

test("well-formed requests with random headers, tails and bodies", async () => {
  const method = fc.constantFrom("POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS");
  const tail = fc.stringMatching(/^(\/[!-"$->@-~]{0,40})?(\?[!-"$-~]{0,40})?$/);
  const headers = fc.array(fc.tuple(name, value), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(method, tail, headers, signature, fc.uint8Array({ maxLength: 3000 }), async (verb, rest, pairs, guess, body) => {
      const lines = [...pairs.map(([header, text]) => `${header}: ${text}`), `X-Hub-Signature-256: ${guess}`, "Connection: close"];
      const { status } = await wire(app.port, post(`${signed.path}${rest}`, lines, body, verb), "end");
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
});

test("random bodies are kept byte by byte where nothing is asked for", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (body) => {
      expect((await wire(app.port, post(open.path, [], body))).status).toBe(200);
      const [event] = await eventsOf(app, open);
      const kept = (await app.get(`/v1/events/${event.id}`)).body;
      expect(Buffer.from(kept.body, kept.bodyEncoding).equals(Buffer.from(body))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("after all of this the signed source has no event, and the open one takes the next request", async () => {
  expect(await eventsOf(app, signed)).toEqual([]);
  expect((await wire(app.port, post(open.path, [], "good"))).status).toBe(200);
});
