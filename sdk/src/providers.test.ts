// Every provider of the list: plain data under its file's name, and what it signs verifies until one bit is changed.
import fc from "fast-check";
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bodiesOf, nowMs, secretsOf, signerOf, url, urlOf, verifierOf } from "../tests/provider-cases.ts";
import { createVerifier, providers, type HeadersInput, type Params, type Provider } from "./index.ts";

const kinds = ["hmac", "standard-webhooks", "token", "basic"];
const shared = providers.filter(({ scheme }) => kinds.includes(scheme.kind));
const hubspot = providers.filter(({ id }) => id === "hubspot");
const versions: [string, Provider, Params][] = ["v1", "v2", "v3"].flatMap((version) =>
  hubspot.map((provider): [string, Provider, Params] => [`hubspot ${version}`, provider, { signatureVersion: version }]),
);
const cases: [string, Provider, Params][] = [...shared.map((each): [string, Provider, Params] => [each.id, each, {}]), ...versions];

test("there is one file for each provider, under its id", () => {
  const files = readdirSync(new URL("./providers/", import.meta.url)).filter((name) => name !== "index.ts");
  expect(providers.map(({ id }) => `${id}.ts`).toSorted()).toEqual(files.toSorted());
});

function flipText(text: string, bit: number): string {
  // Names of authentication schemes may be written in any case, so what is flipped is the end of the value.
  const from = Math.max(0, text.length - 16);
  const at = from + (bit % (text.length - from));
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (bit % 7))) + text.slice(at + 1);
}

function flipBytes(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, index) => (index === bit % bytes.length ? byte ^ (1 << (bit % 8)) : byte));
}

/** Another secret of the same form: hex, base64 and user:password stay what they are. */
function otherSecret(secret: string): string {
  return secret.slice(0, 10) + (secret.charAt(10).toLowerCase() === "a" ? "B" : "A") + secret.slice(11);
}

function unsignedHeaders({ scheme, eventId, eventType }: Provider): string[] {
  const names = [...eventId, ...eventType].filter((at) => at.startsWith("header:")).map((at) => at.slice("header:".length));
  switch (scheme.kind) {
    case "hmac":
      return names.filter((name) => !scheme.content.includes(name));
    case "standard-webhooks":
      return names.filter((name) => !scheme.headerPrefixes.some((prefix) => name === `${prefix}-id`));
    default:
      return names;
  }
}

function checkFlips(provider: Provider, params: Params, body: Uint8Array, bit: number): void {
  const signed = signerOf(provider, params)?.sign({ id: "evt-1", type: "a.b", timestampSeconds: nowMs / 1000, method: "POST", url, body });
  const verifier = verifierOf(provider, params);
  if (signed === undefined || verifier === undefined) throw new Error(`${provider.id} cannot sign or verify`);
  const target = signed.url ?? urlOf(provider);
  const verify = (headers: HeadersInput, bytes: Uint8Array, at = target, with_ = verifier): boolean =>
    with_.verify({ method: "POST", url: at, headers, body: bytes }, nowMs).ok;
  expect(verify(signed.headers, body)).toBe(true);
  expect(verify([], body, urlOf(provider))).toBe(false);
  if (provider.bodyAuthenticated) expect(verify(signed.headers, flipBytes(body, bit))).toBe(false);
  const free = unsignedHeaders(provider);
  for (const [index, [name, value]] of signed.headers.entries()) {
    const flipped = flipText(value, bit);
    if (free.includes(name) || (provider.scheme.kind === "hmac" && flipped.toLowerCase() === value.toLowerCase())) continue;
    expect(verify(signed.headers.with(index, [name, flipped]), body), `${name}: ${flipped}`).toBe(false);
  }
  if (signed.url !== undefined) {
    const flipped = flipText(signed.url, bit);
    // Hex of a signature may be written in upper case.
    const same = provider.scheme.kind === "hmac" && flipped.toLowerCase() === signed.url.toLowerCase();
    if (!same) expect(verify(signed.headers, body, flipped)).toBe(false);
  }
  const other = createVerifier({ provider, secrets: secretsOf(provider).map(otherSecret), params });
  expect(verify(signed.headers, body, target, other)).toBe(false);
}

describe("what is signed verifies, and not with one bit changed", () => {
  test.each(cases)("%s", (_, provider, params) => {
    fc.assert(
      fc.property(bodiesOf(provider), fc.nat(), (body, bit) => checkFlips(provider, params, body, bit)),
      { numRuns: 25 },
    );
  });
});

describe("too old", () => {
  const dated = shared.flatMap((provider) => {
    const { scheme } = provider;
    const tolerance =
      scheme.kind === "hmac" ? scheme.ts?.toleranceSeconds : "toleranceSeconds" in scheme ? scheme.toleranceSeconds : undefined;
    return tolerance === undefined ? [] : [{ id: provider.id, provider, tolerance }];
  });

  test.each(dated)("$id after $tolerance s", ({ provider, tolerance }) => {
    const body = fc.sample(bodiesOf(provider), 1)[0] ?? "";
    const signed = signerOf(provider)?.sign({ id: "evt-1", timestampSeconds: nowMs / 1000, method: "POST", url, body });
    const at = (seconds: number) =>
      verifierOf(provider)?.verify({ method: "POST", url, headers: signed?.headers ?? [], body }, nowMs + seconds * 1000);
    expect(at(tolerance)).toMatchObject({ ok: true });
    expect(at(tolerance + 1)).toMatchObject({ ok: false, cause: "timestamp_too_old" });
  });
});
