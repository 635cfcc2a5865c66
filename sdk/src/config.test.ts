// Options that cannot work are refused when a verifier is made, with the path of the option.
import { describe, expect, test } from "vitest";
import { ConfigError, createVerifier, generateKeyPair, providers, verify, type Provider, type VerifierOptions } from "./index.ts";

const pair = await generateKeyPair();
const long = "a-secret-of-some-length";

function pathOf(options: VerifierOptions): string {
  try {
    createVerifier(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.path;
    throw error;
  }
  return "accepted";
}

const cases: [name: string, options: VerifierOptions, path: string][] = [
  ["unknown provider", { provider: "githubb", secrets: [long] }, "provider"],
  ["a provider that is no record", { provider: null as never, secrets: [long] }, "provider"],
  ["a provider named like an object key", { provider: "__proto__", secrets: [long] }, "provider"],
  ["no secrets", { provider: "github" }, "secrets"],
  ["empty list", { provider: "stripe", secrets: [] }, "secrets"],
  ["empty secret", { provider: "github", secrets: [long, ""] }, "secrets[1]"],
  ["short secret", { provider: "github", secrets: ["short"] }, "secrets[0]"],
  ["secret that is no text", { provider: "github", secrets: [1 as never] }, "secrets[0]"],
  ["four secrets", { provider: "github", secrets: [long, long, long, long] }, "secrets"],
  ["endless secret", { provider: "github", secrets: ["x".repeat(5000)] }, "secrets[0]"],
  ["whsec_ without base64", { provider: "standard-webhooks", secrets: ["whsec_not base64!"] }, "secrets[0]"],
  ["whsec_ alone", { provider: "standard-webhooks", secrets: ["whsec_"] }, "secrets[0]"],
  ["whsec_ with 3 bytes", { provider: "standard-webhooks", secrets: ["whsec_AAAA"] }, "secrets[0]"],
  ["url-safe base64", { provider: "standard-webhooks", secrets: ["whsec_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_"] }, "secrets[0]"],
  ["private key to verify", { provider: "standard-webhooks", secrets: [pair.privateKey] }, "secrets[0]"],
  ["short public key", { provider: "standard-webhooks", publicKey: "whpk_AAAA" }, "publicKey"],
  ["secret as public key", { provider: "standard-webhooks", publicKey: "whsec_o2P5jvPrHornG4SlBSGtH9/N6fNzbip9" }, "publicKey"],
  ["public key for GitHub", { provider: "github", secrets: [long], publicKey: pair.publicKey }, "publicKey"],
  ["tolerance NaN", { provider: "stripe", secrets: [long], toleranceSeconds: Number.NaN }, "toleranceSeconds"],
  ["tolerance negative", { provider: "stripe", secrets: [long], toleranceSeconds: -1 }, "toleranceSeconds"],
  ["unknown parameter", { provider: "github", secrets: [long], params: { header: "x" } }, "params.header"],
  ["basic without colon", { provider: "basic", secrets: [long] }, "secrets[0]"],
  ["secret for none", { provider: "none", secrets: [long] }, "secrets"],
  ["hmac: unknown parameter", { provider: "hmac", secrets: [long], params: { algorythm: "sha256" } }, "params.algorythm"],
  ["hmac: unknown algorithm", { provider: "hmac", secrets: [long], params: { algorithm: "md5" } }, "params.algorithm"],
  ["hmac: algorithm from the prototype", { provider: "hmac", secrets: [long], params: { algorithm: "constructor" } }, "params.algorithm"],
  ["hmac: bad header", { provider: "hmac", secrets: [long], params: { header: "x y" } }, "params.header"],
  ["hmac: unknown placeholder", { provider: "hmac", secrets: [long], params: { content: "{bdy}" } }, "params.content"],
  ["hmac: open brace", { provider: "hmac", secrets: [long], params: { content: "{body" } }, "params.content"],
  ["hmac: closing brace", { provider: "hmac", secrets: [long], params: { content: "body}{body}" } }, "params.content"],
  ["hmac: empty template", { provider: "hmac", secrets: [long], params: { content: "" } }, "params.content"],
  ["hmac: body not signed", { provider: "hmac", secrets: [long], params: { content: "{method}" } }, "params.content"],
  ["hmac: {ts} without header", { provider: "hmac", secrets: [long], params: { content: "{ts}.{body}" } }, "params.content"],
  ["hmac: timestamp not signed", { provider: "hmac", secrets: [long], params: { timestampHeader: "x-time" } }, "params.content"],
  ["hmac: unit without header", { provider: "hmac", secrets: [long], params: { timestampUnit: "ms" } }, "params.timestampUnit"],
  ["hmac: absent parameter", { provider: "hmac", secrets: [long], params: { content: "{param:app}{body}" } }, "params.app"],
  [
    "hmac: parameter from the prototype",
    { provider: "hmac", secrets: [long], params: { content: "{param:toString}{body}" } },
    "params.toString",
  ],
  ["hmac: hex secret", { provider: "hmac", secrets: ["zz".repeat(16)], params: { secretEncoding: "hex" } }, "secrets[0]"],
  ["token: header and query", { provider: "token", secrets: [long], params: { header: "x", query: "y" } }, "params.query"],
  ["params that are no values", { provider: "hmac", secrets: [long], params: { header: [] as never } }, "params.header"],
];

test.each(cases)("%s", (_, options, path) => {
  expect(pathOf(options)).toBe(path);
});

test("verify() answers instead of throwing", async () => {
  const request = { headers: {}, body: "" };
  expect(await verify(request, { provider: "github" })).toMatchObject({ ok: false, cause: "no_secret" });
  expect(await verify(request, { provider: "github", secret: "" })).toMatchObject({ ok: false, cause: "no_secret" });
  expect(await verify(request, { provider: "github", secret: "short" })).toMatchObject({ ok: false, cause: "invalid_config" });
  expect(await verify(request, { provider: "githubb", secret: long })).toMatchObject({ ok: false, cause: "invalid_config" });
});

describe("provider records", () => {
  test.each(providers)("$id is plain data under a unique id", (provider) => {
    expect(JSON.parse(JSON.stringify(provider))).toEqual(provider);
    expect(providers.filter(({ id }) => id === provider.id)).toHaveLength(1);
    expect(provider.setup.length).toBeGreaterThan(0);
    expect(URL.canParse(provider.docsUrl)).toBe(true);
  });

  test("a record of one's own works like a known one, and a broken one is refused", () => {
    const own: Provider = { ...(providers.find(({ id }) => id === "github") as Provider), id: "own" };
    expect(createVerifier({ provider: own, secrets: [long] }).provider.id).toBe("own");
    expect(pathOf({ provider: { ...own, scheme: { kind: "quantum" } as never }, secrets: [long] })).toBe("provider.scheme.kind");
  });
});
