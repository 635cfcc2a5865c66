// Signs with node:crypto, synchronously.
import type { KeyObject } from "node:crypto";
import { concat, equalBytes } from "./der.ts";
import { encode, type Encoding } from "./encoding.ts";
import { nodeMac } from "./node-hmac.ts";
import { joined, type Algorithm, type CompiledSigner, type Content, type SigningKey } from "./plan.ts";
import { ED25519_PKCS8, halvesDiffer } from "./private-keys.ts";
import { ConfigError } from "./result.ts";
import type { NodeCrypto } from "./runtime.ts";

type Sign = (content: Content) => string;

/** Answers one signature per key, as text. Throws ConfigError for a private key that is none. */
export function nodeSigner(crypto: NodeCrypto, signer: CompiledSigner): (content: Content) => string[] {
  const keys = signer.keys.map((key) => signOf(crypto, key, signer.encoding));
  return (content) => keys.map((sign) => sign(content));
}

function signOf(crypto: NodeCrypto, key: SigningKey, encoding: Encoding): Sign {
  switch (key.algorithm) {
    case "hmac-sha1":
    case "hmac-sha256":
    case "hmac-sha384":
    case "hmac-sha512":
    case "sha256-prefix": {
      const mac = nodeMac(crypto, { ...key, algorithm: key.algorithm });
      return (content) => mac(content, encoding);
    }
    case "ed25519":
    case "ecdsa-p256-sha256":
    case "ecdsa-p256-sha256-raw":
    case "rsa-sha256":
    case "rsa-sha1":
      return privateKeySign(crypto, key, encoding);
  }
}

function privateKeySign(crypto: NodeCrypto, key: SigningKey, encoding: Encoding): Sign {
  const privateKey = privateKeyOf(crypto, key);
  const input = key.algorithm === "ecdsa-p256-sha256-raw" ? { key: privateKey, dsaEncoding: "ieee-p1363" as const } : privateKey;
  const hash = signatureHash(key.algorithm);
  return (content) => encode(encoding, crypto.sign(hash, joined(content), input));
}

/** The hash inside a signature; ed25519 has its own. */
export function signatureHash(algorithm: Algorithm): string | null {
  if (algorithm === "ed25519") return null;
  return algorithm === "rsa-sha1" ? "sha1" : "sha256";
}

function privateKeyOf(crypto: NodeCrypto, key: SigningKey): KeyObject {
  const der = key.algorithm === "ed25519" ? concat(ED25519_PKCS8, key.bytes) : key.bytes;
  const privateKey = createKey(crypto, der, key.path);
  if (key.publicBytes !== undefined) {
    const spki = crypto.createPublicKey(privateKey).export({ format: "der", type: "spki" });
    if (!equalBytes(spki.subarray(-32), key.publicBytes)) throw halvesDiffer(key.path);
  }
  return privateKey;
}

function createKey(crypto: NodeCrypto, der: Uint8Array, path: string): KeyObject {
  try {
    // Node takes any view as DER; its types want a Buffer.
    return crypto.createPrivateKey({ key: der as Buffer, format: "der", type: "pkcs8" });
  } catch {
    throw new ConfigError(path, "is not a valid private key");
  }
}
