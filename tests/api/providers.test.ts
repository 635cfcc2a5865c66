// /v1/providers, and the vendor's own words in the refusal of a source.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { providerById, providers } from "@posthorn/sdk";
import { fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());

describe("GET /v1/providers", () => {
  test("200 pages through all of them", async () => {
    const ids: string[] = [];
    for (let cursor = ""; ;) {
      const { status, body } = await app.get(`/v1/providers?limit=60${cursor === "" ? "" : `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      ids.push(...body.data.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    expect(ids).toEqual(providers.map(({ id }) => id).toSorted());
  });

  test("200 searches in id, name and scheme", async () => {
    const { body } = await app.get("/v1/providers?search=Shopify");
    expect(body.data).toEqual([
      {
        id: "shopify",
        name: "Shopify",
        docsUrl: providerById("shopify")?.docsUrl,
        bodyAuthenticated: true,
        experimental: false,
        scheme: "HMAC-SHA256",
      },
    ]);
    const schemes = (await app.get("/v1/providers?search=ed25519")).body.data.map(({ scheme }: { scheme: string }) => scheme);
    expect(schemes.length).toBeGreaterThan(1);
    for (const scheme of schemes) expect(scheme).toContain("Ed25519");
  });

  test("422 for an unknown filter, 400 for a foreign cursor, 401 without a key", async () => {
    expect((await app.get("/v1/providers?color=red")).status).toBe(422);
    expect((await app.get("/v1/providers?cursor=abcdefgh")).status).toBe(400);
    expect((await app.get("/v1/providers", { key: null })).status).toBe(401);
  });
});

describe("GET /v1/providers/{id}", () => {
  test("200 is the record of the SDK, with words", async () => {
    const { status, body } = await app.get("/v1/providers/square");
    const { words, signsUrl, experimental, ...record } = body;
    expect(status).toBe(200);
    expect(record).toEqual(providerById("square"));
    expect({ signsUrl, experimental }).toEqual({ signsUrl: true, experimental: false });
    expect(words).toMatchObject({ scheme: "HMAC-SHA256 with URL", credential: "secret", eventId: "event_id in the body" });
  });

  test("200 for every one, in the promised shape", async () => {
    for (const { id } of providers) expect((await app.get(`/v1/providers/${id}`)).status).toBe(200);
  });

  test("404 for an unknown one, and for what objects have of their own", async () => {
    expect((await app.get("/v1/providers/gitbub")).status).toBe(404);
    expect((await app.get("/v1/providers/__proto__")).status).toBe(404);
  });
});

describe("a source that cannot work is refused with where to look at the vendor", () => {
  const stripe = providerById("stripe")!;
  const before = stripe.secretHint;
  const HINT = "Stripe shows it under Webhooks, Signing secret, in the words of this test.";
  // The record of the catalogue, for the length of these tests: what it says is the vendor's, and the API must repeat it.
  beforeAll(() => void Object.assign(stripe, { secretHint: HINT }));
  afterAll(() => {
    if (before === undefined) delete (stripe as { secretHint?: string }).secretHint;
    else Object.assign(stripe, { secretHint: before });
  });

  test.each<[object, string, string]>([
    [{ secrets: [] }, "secrets", `is empty: Stripe needs a secret. ${HINT}`],
    [{ secrets: ["short"] }, "secrets[0]", `is too short: 5 bytes, at least 8 are needed. ${HINT}`],
    [{ secrets: ["a-fixture-secret"], publicKey: "x" }, "publicKey", `signs with a shared secret, not with a key pair. ${HINT}`],
    [{ secrets: ["a-fixture-secret"], params: { colour: "red" } }, "params.colour", `it has none. ${HINT}`],
  ])("%j", async (fields, path, message) => {
    const reply = await app.post("/v1/sources", { name: "bad", provider: "stripe", ...fields });
    expect(reply.status).toBe(422);
    expect(fieldsOf(reply)).toEqual([path]);
    expect(reply.body.errors[0].message.endsWith(message)).toBe(true);
  });

  test("but not where the mistake is another one", async () => {
    const reply = await app.post("/v1/sources", { name: "bad", provider: "stripe", secrets: ["a-fixture-secret"], keyFrom: "xml:/a" });
    expect(fieldsOf(reply)).toEqual(["keyFrom"]);
    expect(reply.text).not.toContain(HINT);
  });
});
