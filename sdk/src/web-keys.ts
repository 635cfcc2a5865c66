// Keys as WebCrypto wants them.
import type { webcrypto } from "node:crypto";
import { concat, equalBytes } from "./der.ts";
import { decode } from "./encoding.ts";
import type { Key, SigningKey } from "./plan.ts";
import { ED25519_PKCS8, halvesDiffer } from "./private-keys.ts";
import type { AsymmetricAlgorithm, HmacAlgorithm } from "./provider.ts";
import { ConfigError } from "./result.ts";
import { webCrypto } from "./runtime.ts";

export type WebKey = webcrypto.CryptoKey;

const hmacHashes: Readonly<Record<Exclude<HmacAlgorithm, "sha256-prefix">, string>> = {
  "hmac-sha1": "SHA-1",
  "hmac-sha256": "SHA-256",
  "hmac-sha384": "SHA-384",
  "hmac-sha512": "SHA-512",
};

export async function importHmacKey(algorithm: keyof typeof hmacHashes, { bytes, digest }: Pick<Key, "bytes" | "digest">): Promise<WebKey> {
  const { subtle } = webCrypto();
  const raw = digest === undefined ? bytes : await subtle.digest("SHA-1", bytes);
  return subtle.importKey("raw", raw, { name: "HMAC", hash: hmacHashes[algorithm] }, false, ["sign"]);
}

interface Params {
  readonly import: webcrypto.AlgorithmIdentifier | webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams;
  readonly use: webcrypto.AlgorithmIdentifier | webcrypto.EcdsaParams;
}

/** How WebCrypto names the algorithm, for reading a key and for using it. RSA is PKCS #1 v1.5 throughout. */
export function webParams(algorithm: AsymmetricAlgorithm): Params {
  switch (algorithm) {
    case "ed25519":
      return { import: { name: "Ed25519" }, use: { name: "Ed25519" } };
    case "ecdsa-p256-sha256":
    case "ecdsa-p256-sha256-raw":
      return { import: { name: "ECDSA", namedCurve: "P-256" }, use: { name: "ECDSA", hash: "SHA-256" } };
    case "rsa-sha256":
    case "rsa-sha1": {
      const name = "RSASSA-PKCS1-v1_5";
      return { import: { name, hash: algorithm === "rsa-sha1" ? "SHA-1" : "SHA-256" }, use: { name } };
    }
  }
}

/** Throws ConfigError for a point that is not on its curve, and where the runtime does not know the algorithm. */
export async function importPublicKey(key: Key & { readonly algorithm: AsymmetricAlgorithm }): Promise<WebKey> {
  const raw = key.algorithm === "ed25519";
  try {
    return await webCrypto().subtle.importKey(raw ? "raw" : "spki", key.bytes, webParams(key.algorithm).import, false, ["verify"]);
  } catch (error) {
    throw unusable(error, key.path ?? "publicKey", "is not a valid public key");
  }
}

/** Throws ConfigError for a private key that is none. */
export async function importPrivateKey(key: SigningKey & { readonly algorithm: AsymmetricAlgorithm }): Promise<WebKey> {
  const der = key.algorithm === "ed25519" ? concat(ED25519_PKCS8, key.bytes) : key.bytes;
  const made = await importPkcs8(key, der);
  if (key.publicBytes !== undefined) {
    const { x = "" } = await webCrypto().subtle.exportKey("jwk", made);
    if (!equalBytes(decode("base64url", x) ?? der, key.publicBytes)) throw halvesDiffer(key.path);
  }
  return made;
}

async function importPkcs8(key: SigningKey & { readonly algorithm: AsymmetricAlgorithm }, der: Uint8Array): Promise<WebKey> {
  // Only what is to be compared with its public half may leave the key again.
  const extractable = key.publicBytes !== undefined;
  try {
    return await webCrypto().subtle.importKey("pkcs8", der, webParams(key.algorithm).import, extractable, ["sign"]);
  } catch (error) {
    throw unusable(error, key.path, "is not a valid private key");
  }
}

function unusable(error: unknown, path: string, message: string): ConfigError {
  // Ed25519 came to browsers in 2025 and to some runtimes never.
  const unknown = typeof error === "object" && error !== null && "name" in error && error.name === "NotSupportedError";
  return new ConfigError(path, unknown ? "is of an algorithm that the WebCrypto of this runtime does not have" : message);
}
