// Runs plans with WebCrypto, on every runtime: the same answers as node-crypto.ts, with promises.
import { rawOfDer } from "./ecdsa-der.ts";
import { utf8 } from "./encoding.ts";
import type { Engine } from "./engine.ts";
import { type Digest, isFor, type KeyCheck, matchPlan } from "./match.ts";
import { joined, type Candidate, type CompiledScheme, type Content, type Key, type Plan, type Signed } from "./plan.ts";
import type { VerifyResult } from "./result.ts";
import { webCrypto } from "./runtime.ts";
import { importPublicKey, webParams } from "./web-keys.ts";
import { macOf, webSigner } from "./web-sign.ts";

export const webEngine: Engine = { runner, signer: webSigner, sha256 };

interface PreparedKey {
  readonly key: Key;
  matches(signed: Signed): Promise<boolean>;
}

async function runner(scheme: CompiledScheme): Promise<(plan: Plan) => Promise<VerifyResult>> {
  const keys = await Promise.all(scheme.keys.map(async (key): Promise<PreparedKey> => ({ key, matches: await matcherOf(key) })));
  return async (plan) => {
    // Everything that can be asked is answered first, so that the loop that decides needs no promises.
    const [checks, digests] = await Promise.all([Promise.all(keys.map((key) => checkOf(key, plan))), matchingDigests(plan)]);
    return matchPlan(plan, scheme, checks, (digest) => digests.has(digest));
  };
}

/** The answers of one key for every content of the plan; a content is known by its identity. */
async function checkOf({ key, matches }: PreparedKey, plan: Plan): Promise<KeyCheck> {
  const { alternatives = [], also = [], candidates } = plan;
  const asked: Signed[] = [plan, ...alternatives.map((content) => ({ content, candidates })), ...also];
  const matched = new Set<Content>();
  await Promise.all(
    asked.map(async (signed) => {
      if (await matches(signed)) matched.add(signed.content);
    }),
  );
  return { result: { ok: true, secretIndex: key.secretIndex }, matches: ({ content }) => matched.has(content) };
}

async function matchingDigests({ digests = [] }: Plan): Promise<ReadonlySet<Digest>> {
  const matched = new Set<Digest>();
  for (const digest of digests) {
    if (equalInConstantTime(await sha256(digest.content), digest.sha256)) matched.add(digest);
  }
  return matched;
}

async function matcherOf(key: Key): Promise<PreparedKey["matches"]> {
  const { algorithm } = key;
  switch (algorithm) {
    case "equal": {
      // Digests have equal lengths whatever the token's length is, so the comparison tells nothing about it.
      const expected = await sha256(key.bytes);
      return (signed) => anyCandidate(signed, key, async ({ bytes }) => equalInConstantTime(await sha256(bytes), expected));
    }
    case "ed25519":
    case "ecdsa-p256-sha256":
    case "ecdsa-p256-sha256-raw":
    case "rsa-sha256":
    case "rsa-sha1": {
      const publicKey = await importPublicKey({ ...key, algorithm });
      const params = webParams(algorithm).use;
      return (signed) => {
        const content = joined(signed.content);
        return anyCandidate(signed, key, async ({ bytes }) => {
          const signature = algorithm === "ecdsa-p256-sha256" ? rawOfDer(bytes) : new Uint8Array(bytes);
          return signature !== undefined && (await webCrypto().subtle.verify(params, publicKey, signature, content));
        });
      };
    }
    case "hmac-sha1":
    case "hmac-sha256":
    case "hmac-sha384":
    case "hmac-sha512":
    case "sha256-prefix": {
      const mac = await macOf({ ...key, algorithm });
      return async (signed) => {
        const expected = await mac(signed.content);
        return anyCandidate(signed, key, ({ bytes }) => equalInConstantTime(bytes, expected));
      };
    }
  }
}

async function anyCandidate(
  { candidates }: Signed,
  key: Key,
  matches: (candidate: Candidate) => boolean | Promise<boolean>,
): Promise<boolean> {
  let matched = false;
  for (const candidate of candidates) {
    if (isFor(candidate, key) && (await matches(candidate))) matched = true;
  }
  return matched;
}

async function sha256(content: Uint8Array | string): Promise<Uint8Array> {
  // A copy, because bytes may lie in memory that is shared with other threads, which WebCrypto refuses.
  const bytes = typeof content === "string" ? utf8(content) : new Uint8Array(content);
  return new Uint8Array(await webCrypto().subtle.digest("SHA-256", bytes));
}

/** Looks at every byte whatever the earlier ones were. The length of a MAC is no secret. */
function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}
