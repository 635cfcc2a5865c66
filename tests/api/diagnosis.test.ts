// GET /v1/requests/{id}/diagnosis: kept requests, checked again, with what cannot be told said so.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSigner, type Params } from "@posthorn/sdk";
import { eventually, type Fixture, type Reply, startFixture } from "./fixture.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture();
});
afterAll(() => app.close());

const SECRET = "a-fixture-secret-of-this-test";
const OTHER = "another-fixture-secret-here";
const BODY = '{ "id": "evt_1", "type": "a.b" }';

interface Made {
  id: string;
  url: string;
}

async function sourceOf(fields: object): Promise<Made> {
  const { status, body } = await app.post("/v1/sources", { name: `source ${JSON.stringify(fields).length}`, ...fields });
  expect(status).toBe(201);
  return body;
}

function signed(provider: string, secret: string, more: { body?: string; params?: Params; timestampSeconds?: number; url?: string } = {}) {
  const { body = BODY, params, timestampSeconds = Date.now() / 1000, url } = more;
  const { headers } = createSigner({ provider, secrets: [secret], params }).sign({
    id: "d-1",
    type: "push",
    method: "POST",
    url,
    timestampSeconds,
    body,
  });
  return Object.fromEntries(headers);
}

/** Sends, and answers the diagnosis of what was kept. */
async function diagnosed(source: Made, body: string, headers: Record<string, string>, query = ""): Promise<Reply["body"]> {
  const before = await requestsOf(source);
  await app.ingest(`${source.url}${query}`, body, headers);
  const [newest] = await eventually(
    () => requestsOf(source),
    (requests) => requests.length > before.length,
  );
  const { status, body: diagnosis, text } = await app.get(`/v1/requests/${newest!.id}/diagnosis`);
  expect(status).toBe(200);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(OTHER);
  return diagnosis;
}

async function requestsOf({ id }: Made): Promise<{ id: string }[]> {
  return (await app.get(`/v1/requests?sourceId=${id}`)).body.data;
}

const codes = (diagnosis: Reply["body"]) => diagnosis.hints.map(({ code }: { code: string }) => code);

test("an accepted request still verifies", async () => {
  const source = await sourceOf({ provider: "github", secrets: [SECRET] });
  const diagnosis = await diagnosed(source, BODY, signed("github", SECRET));
  expect(diagnosis).toEqual({ ok: true, cause: null, message: "The request verifies.", hints: [], notes: [], provider: "github" });
});

test("a large one is verified, and nothing is tried on it", async () => {
  const source = await sourceOf({ provider: "github", secrets: [SECRET] });
  const body = "x".repeat(1_100_000);
  expect(await diagnosed(source, body, signed("github", SECRET, { body }))).toMatchObject({ ok: true, notes: [] });
  const [{ id }] = (await requestsOf(source)) as [{ id: string }];
  await app.call("PATCH", `/v1/sources/${source.id}`, { body: { secrets: [OTHER] } });
  const { body: diagnosis } = await app.get(`/v1/requests/${id}/diagnosis`);
  expect(diagnosis).toMatchObject({ ok: false, cause: "signature_mismatch", hints: [] });
  expect(diagnosis.notes).toEqual([expect.stringContaining("larger than 1 MiB")]);
});

describe("a rejected request", () => {
  test("whose body was written anew", async () => {
    const source = await sourceOf({ provider: "github", secrets: [SECRET] });
    const diagnosis = await diagnosed(source, BODY, signed("github", SECRET, { body: JSON.stringify(JSON.parse(BODY)) }));
    expect(diagnosis).toMatchObject({ ok: false, cause: "signature_mismatch", notes: [] });
    expect(codes(diagnosis)).toEqual(["body_reserialized"]);
  });

  test("is checked at the time it came", async () => {
    const source = await sourceOf({ provider: "stripe", secrets: [SECRET] });
    const stale = await diagnosed(source, BODY, signed("stripe", SECRET, { timestampSeconds: Date.now() / 1000 - 4000 }));
    expect(stale).toMatchObject({ ok: false, cause: "timestamp_too_old" });
    expect(codes(stale)).toEqual(["stale_timestamp"]);
  });

  test("verifies once the right secret is saved", async () => {
    const source = await sourceOf({ provider: "github", secrets: [OTHER] });
    const headers = signed("github", SECRET);
    expect(await diagnosed(source, BODY, headers)).toMatchObject({ ok: false });
    const [{ id }] = (await requestsOf(source)) as [{ id: string }];
    await app.call("PATCH", `/v1/sources/${source.id}`, { body: { secrets: [SECRET] } });
    expect((await app.get(`/v1/requests/${id}/diagnosis`)).body).toMatchObject({ ok: true, cause: null });
  });

  test("whose secret is the one of another source", async () => {
    const secret = "the-fixture-secret-of-billing";
    await sourceOf({ name: "billing", provider: "github", secrets: [secret] });
    const source = await sourceOf({ provider: "github", secrets: [SECRET] });
    const diagnosis = await diagnosed(source, BODY, signed("github", secret));
    expect(codes(diagnosis)).toEqual(["other_endpoint"]);
    expect(diagnosis.hints[0].message).toContain('"billing"');
    expect(JSON.stringify(diagnosis)).not.toContain(secret);
  });

  test("that signed another URL", async () => {
    const params = { url: "https://hooks.example.test/in/abc" };
    const source = await sourceOf({ provider: "square", secrets: [SECRET], params });
    const headers = signed("square", SECRET, { params: { url: "http://hooks.example.test/in/abc?a=1" } });
    const diagnosis = await diagnosed(source, BODY, headers, "?a=1");
    expect(codes(diagnosis)).toEqual(["url_scheme"]);
    expect(diagnosis.hints[0].message).toContain("http vs https");
  });

  test("whose secrets have expired", async () => {
    const soon = new Date(Date.now() - 1000).toISOString();
    const source = await sourceOf({ provider: "github", secrets: [{ value: SECRET, expiresAt: soon }] });
    expect(await diagnosed(source, BODY, signed("github", SECRET))).toMatchObject({ ok: false, cause: "no_secret" });
  });
});

describe("what was kept is not enough:", () => {
  test("a body that was cut", async () => {
    const source = await sourceOf({ provider: "github", secrets: [SECRET] });
    const body = JSON.stringify({ text: "x".repeat(300_000) });
    const diagnosis = await diagnosed(source, body, signed("github", OTHER, { body }));
    expect(diagnosis).toMatchObject({ ok: null, cause: null, hints: [], provider: "github" });
    expect(diagnosis.message).toContain("kept in part only");
    expect(diagnosis.notes).toEqual([expect.stringMatching(/^\d+ of the body's 300011 bytes were kept\.$/)]);
  });

  test("but what was wrong before the body stays wrong", async () => {
    const source = await sourceOf({ provider: "github", secrets: [SECRET] });
    const diagnosis = await diagnosed(source, JSON.stringify({ text: "x".repeat(300_000) }), {});
    expect(diagnosis).toMatchObject({ ok: false, cause: "missing_header" });
    expect(diagnosis.notes).toHaveLength(1);
  });

  test.each<[string, object, Record<string, string>, string]>([
    ["a token in a header", { provider: "token", secrets: [SECRET] }, { authorization: `Bearer ${OTHER}` }, ""],
    ["a token in the query", { provider: "token", secrets: [SECRET], params: { query: "k" } }, {}, `?k=${OTHER}`],
    ["a password", { provider: "basic", secrets: [`user:${SECRET}`] }, { authorization: `Basic ${btoa(`user:${OTHER}`)}` }, ""],
  ])("%s is masked", async (_, fields, headers, query) => {
    const diagnosis = await diagnosed(await sourceOf(fields), BODY, headers, query);
    expect(diagnosis).toMatchObject({ ok: null, cause: null, hints: [] });
    expect(diagnosis.message).toContain("masked");
  });

  test("a masked credential beside a signature is said, and the signature is checked", async () => {
    const auth = { kind: "bearer", token: OTHER, required: true };
    const source = await sourceOf({ provider: "github", secrets: [SECRET], auth });
    const diagnosis = await diagnosed(source, BODY, { ...signed("github", SECRET), authorization: "Bearer wrong" });
    expect(diagnosis).toMatchObject({ ok: true, cause: null });
    expect(diagnosis.notes).toEqual([expect.stringContaining("authorization is masked")]);
  });

  test("a request that was refused for something else", async () => {
    const source = await sourceOf({ provider: "github", secrets: [SECRET], allowedMethods: ["PUT"] });
    const diagnosis = await diagnosed(source, BODY, signed("github", SECRET));
    expect(diagnosis.notes.join(" ")).toContain("refused for something else, before its signature was looked at: method_not_allowed");
  });

  test("a source that is gone", async () => {
    const source = await sourceOf({ provider: "github", secrets: [SECRET] });
    await diagnosed(source, BODY, signed("github", SECRET));
    const [{ id }] = (await requestsOf(source)) as [{ id: string }];
    expect((await app.call("DELETE", `/v1/sources/${source.id}`)).status).toBe(204);
    expect((await app.get(`/v1/requests/${id}/diagnosis`)).body).toMatchObject({ ok: null, provider: null });
  });
});

test("404 for an unknown request, 403 for a key that may only publish", async () => {
  expect((await app.get("/v1/requests/req_nothing/diagnosis")).status).toBe(404);
  const key = await app.keyWith(["publish"]);
  expect((await app.get("/v1/requests/req_nothing/diagnosis", { key })).status).toBe(403);
});
