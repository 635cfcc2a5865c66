// Vendors that send a token with hashes of the request: MessageBird and Atlassian.
import { SymmetricAlgorithm, createQueryStringHash, decodeSymmetric, encodeSymmetric, fromMethodAndUrl } from "atlassian-jwt";
import fc from "fast-check";
import { verify as messagebirdVerifies } from "messagebird/lib/webhook-signature-jwt.js";
import { createHash, createHmac, createSecretKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  accepted,
  binary,
  describeOracle,
  expectAtAge,
  expectVerdicts,
  freezeClock,
  httpsUrl,
  nowMs,
  ours,
  refused,
  sample,
  text,
  textSecret,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const now = Math.floor(nowMs / 1000);
const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A token made without any library. */
function token(secret: string, bits: 256 | 384 | 512, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ typ: "JWT", alg: `HS${bits}` })}.${part(claims)}`;
  return `${signed}.${createHmac(`sha${bits}`, secret).update(signed).digest("base64url")}`;
}

const HEADER = "messagebird-signature-jwt";

function messagebird(bits: 256 | 384 | 512, more: object = {}): Oracle {
  return {
    name: `messagebird, HS${bits}`,
    provider: "messagebird",
    signature: HEADER,
    secret: textSecret,
    body: fc.oneof(text, binary),
    url: httpsUrl,
    sign: ({ secret, url, body, id }) => {
      const hashes = { url_hash: sha256(url), ...(body.length === 0 ? {} : { payload_hash: sha256(body) }) };
      return { [HEADER]: token(secret, bits, { iss: "MessageBird", jti: id, nbf: now, exp: now + 60, ...hashes, ...more }) };
    },
    verify: ({ secret, url, body, headers }) =>
      messagebirdVerifies(url, Buffer.from(body), headers[HEADER] ?? "", createSecretKey(Buffer.from(secret))),
  };
}

for (const bits of [256, 384, 512] as const) describeOracle(messagebird(bits));

describe("messagebird: claims", () => {
  const oracle = messagebird(256);

  test("the token ends 5 s after its end, exclusive, and starts 5 s before its start", async () => {
    // `nowMs` is 250 ms into its second.
    await expectAtAge(oracle, 60_000, accepted);
    await expectAtAge(oracle, 64_749, accepted);
    await expectAtAge(oracle, 64_750, refused);
    await expectAtAge(oracle, -5000, accepted);
    await expectAtAge(oracle, -5250, accepted);
    await expectAtAge(oracle, -5251, refused);
  });

  test("an empty body may come without its hash, and no other", async () => {
    const delivery = await sample(oracle, { body: "" });
    await expectVerdicts(oracle, delivery, accepted);
    await expectVerdicts(oracle, { ...delivery, body: "x" }, refused);
  });

  test.each([
    ["another issuer", { iss: "messagebird" }],
    ["no issuer", { iss: undefined }],
    ["the hash of another URL", { url_hash: sha256("https://other.example.test/") }],
    ["no hash of the URL", { url_hash: undefined }],
    ["no hash of a body", { payload_hash: undefined }],
    ["an end that is a text", { exp: String(now + 60) }],
  ])("%s is refused on both sides", async (_, more) => {
    const changedOracle = messagebird(256, more);
    await expectVerdicts(changedOracle, await sample(changedOracle, { body: "{}" }), refused);
  });

  // Where we are stricter: a token without an end would be good for ever, and one from the future was made by a clock
  // that is wrong or by somebody who wants a later one. MessageBird sends all of these claims.
  test.each([
    ["without an end", { exp: undefined }],
    ["made 60 s ahead", { iat: now + 60 }],
  ])("a token %s is refused by us only", async (_, more) => {
    const changedOracle = messagebird(256, more);
    await expectVerdicts(changedOracle, await sample(changedOracle), { theirs: true, ours: false });
  });

  // Where they are stricter: the id of a token is for finding repetitions, which the receiver does by the event id.
  test("a token without an id is refused by theirs only", async () => {
    const changedOracle = messagebird(256, { jti: undefined });
    await expectVerdicts(changedOracle, await sample(changedOracle), { theirs: false, ours: true });
  });
});

// Segments and queries as HTTP clients write them: unreserved letters, some marks, and percent-escapes of the rest.
const segment = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z0-9~_:@&+,;=-]{1,8}$/),
    fc.string({ minLength: 1, maxLength: 4, unit: "grapheme" }).map(encodeURIComponent),
  )
  .filter((each) => !/^(\.|%2e){1,2}$/i.test(each) && !/['"*()!]/.test(each));
const name = fc
  .oneof(fc.constantFrom("a", "b", "B", "jwt", "a b"), fc.string({ minLength: 1, maxLength: 4, unit: "grapheme" }))
  .filter((each) => each !== "__proto__");
const value = fc.oneof(fc.constantFrom("", "1", "x,y", "*"), fc.string({ maxLength: 6, unit: "grapheme" }));
const atlassianUrl = fc
  .record({
    path: fc.array(segment, { maxLength: 4 }),
    slash: fc.boolean(),
    query: fc.array(fc.tuple(name, value), { maxLength: 5 }),
    plus: fc.boolean(),
  })
  .map(({ path, slash, query, plus }) => {
    const pairs = query.map(([key, each]) => `${encodeURIComponent(key)}=${encodeURIComponent(each)}`).join("&");
    const written = plus ? pairs.replaceAll("%20", "+") : pairs;
    return `https://app.example.test/base/${path.join("/")}${slash ? "/" : ""}${written === "" ? "" : `?${written}`}`;
  });

function atlassian(basePath: string): Oracle {
  const baseUrl = `https://app.example.test${basePath}`;
  const hashOf = (method: string, url: string): string => createQueryStringHash(fromMethodAndUrl(method, url), false, baseUrl);
  return {
    name: `atlassian-jwt, base "${basePath}"`,
    provider: "jira-connect",
    params: basePath === "" ? {} : { basePath },
    signature: "authorization",
    // Connect tokens cover method, path and query, but not the body.
    bodyUnsigned: true,
    secret: textSecret,
    body: text,
    method: fc.constantFrom("POST", "PUT", "GET"),
    url: atlassianUrl,
    sign: ({ secret, method, url }) => {
      const claims = { iss: "fixture-client-key", iat: now, exp: now + 180, qsh: hashOf(method, url) };
      return { authorization: `JWT ${encodeSymmetric(claims, secret, SymmetricAlgorithm.HS256)}` };
    },
    verify: ({ secret, method, url, headers }) => {
      const own = (headers["authorization"] ?? "").slice("JWT ".length);
      const claims = decodeSymmetric(own, secret, SymmetricAlgorithm.HS256) as Record<string, unknown>;
      return claims["qsh"] === hashOf(method, url);
    },
  };
}

for (const basePath of ["", "/base"]) describeOracle(atlassian(basePath));

describe("atlassian-jwt", () => {
  const oracle = atlassian("");

  test.each([
    ["order of the query", "https://app.example.test/in?a=1&b=2", "https://app.example.test/in?b=2&a=1", true],
    ["order of one name", "https://app.example.test/in?a=1&a=2", "https://app.example.test/in?a=2&a=1", true],
    ["a slash at the end", "https://app.example.test/in/", "https://app.example.test/in", true],
    ["its own parameter", "https://app.example.test/in?a=1", "https://app.example.test/in?a=1&jwt=x.y.z", true],
    ["another host", "https://app.example.test/in", "https://other.example.test/in", true],
    ["a comma for a repetition", "https://app.example.test/in?a=1&a=2", "https://app.example.test/in?a=1,2", false],
    ["a path that looks like a query", "https://app.example.test/in?a=1&b=2", "https://app.example.test/in&a=1?b=2", false],
    ["another letter case", "https://app.example.test/in?A=1", "https://app.example.test/in?a=1", false],
  ])("%s", async (_, signedUrl, receivedUrl, same) => {
    const delivery = await sample(oracle, { url: signedUrl });
    await expectVerdicts(oracle, delivery, accepted);
    await expectVerdicts(oracle, { ...delivery, url: receivedUrl }, same ? accepted : refused);
  });

  test.each(["/in/a/../b", "/in/./b", "/in//b", "/in/%2e%2e/b", "/in/a%2fb", "/in?a=%zz", "/in?=x&a", "/in?a=1?b=2", "/in?&&a=b=c"])(
    "%s is signed as it stands",
    async (target) => {
      await expectVerdicts(oracle, await sample(oracle, { url: `https://app.example.test${target}` }), accepted);
    },
  );

  test("a path is not the one that its dots lead to", async () => {
    const delivery = await sample(oracle, { url: "https://app.example.test/in/b" });
    await expectVerdicts(oracle, { ...delivery, url: "https://app.example.test/in/a/../b" }, refused);
  });

  // Marks that a path may hold as they are (RFC 3986, section 3.3), which the URL parser of the package escapes; and a
  // parameter that the package leaves out because of the objects it is written in, not because of what Atlassian signs.
  test.each(["/in/a'b", "/in?__proto__=1"])("%s is signed otherwise by theirs", async (target) => {
    const delivery = await sample(oracle, { url: `https://app.example.test${target}` });
    await expectVerdicts(oracle, delivery, { theirs: true, ours: false });
    await expectVerdicts(oracle, await ours(oracle, { ...delivery, nowMs, id: "msg_1" }), { theirs: false, ours: true });
  });

  // The package only decodes; the end of a token is for its caller to check, and Atlassian's frameworks do.
  test("the end of the token is checked by us only", async () => {
    await expectAtAge(oracle, 239_000, accepted);
    await expectAtAge(oracle, 240_000, { theirs: true, ours: false });
  });

  test("another method is refused on both sides", async () => {
    const delivery = await sample(oracle, { method: "POST" });
    expect(delivery.method).toBe("POST");
    await expectVerdicts(oracle, { ...delivery, method: "PUT" }, refused);
  });
});
