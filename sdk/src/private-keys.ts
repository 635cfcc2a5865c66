// Private keys as people have them (PKCS #8 PEM, whsk_, a 32-byte seed), read strictly and without Node, for test events.
import { pemBytes } from "./certificate.ts";
import { bytesOf, children, type Element, equalBytes, tags } from "./der.ts";
import { decode, decodeBase64Secret } from "./encoding.ts";
import type { SigningKey } from "./plan.ts";
import { isRsaModulus, keyTypeNames, type PublicKeyType, RSA_ALGORITHM } from "./public-keys.ts";
import { ConfigError } from "./result.ts";

// Before the 32 bytes of an ed25519 seed (RFC 8410), and AlgorithmIdentifiers in DER.
export const ED25519_PKCS8 = bytesOf("302e020100300506032b657004220420");
const ED25519_ALGORITHM = bytesOf("300506032b6570");
const P256_ALGORITHM = bytesOf("301306072a8648ce3d020106082a8648ce3d030107");

const wanted: Readonly<Record<PublicKeyType, string>> = {
  ed25519: "give PKCS #8 PEM, whsk_…, or the 32-byte seed in hex or base64",
  p256: "give PKCS #8 PEM (BEGIN PRIVATE KEY)",
  rsa: "give PKCS #8 PEM (BEGIN PRIVATE KEY) of at least 2048 bits",
};

/** Throws ConfigError for anything but a private key of the type. */
export function parsePrivateKey(text: string, type: PublicKeyType, path: string): Pick<SigningKey, "bytes" | "publicBytes"> {
  const trimmed = text.trim();
  if (trimmed.startsWith("whpk_") || /-----BEGIN (PUBLIC KEY|CERTIFICATE)-----/.test(trimmed))
    throw new ConfigError(path, "is a public key; to sign, give the private key");
  const key = trimmed.startsWith("-----") ? keyOfPem(trimmed, type) : type === "ed25519" ? keyOfSeed(trimmed) : undefined;
  if (key === undefined) throw new ConfigError(path, `is no ${keyTypeNames[type]} private key: ${wanted[type]}`);
  return key;
}

/** The error of a seed with the public key of another one. */
export function halvesDiffer(path: string): ConfigError {
  return new ConfigError(path, "is no ed25519 key: its public half does not belong to its seed");
}

function keyOfSeed(text: string): Pick<SigningKey, "bytes" | "publicBytes"> | undefined {
  const bytes = text.startsWith("whsk_")
    ? decodeBase64Secret(text.slice("whsk_".length))
    : text.length === 64
      ? decode("hex", text)
      : decodeBase64Secret(text);
  if (bytes?.length === 32) return { bytes };
  return bytes?.length === 64 ? { bytes: bytes.subarray(0, 32), publicBytes: bytes.subarray(32) } : undefined;
}

// PrivateKeyInfo { version, algorithm, OCTET STRING with the key, attributes? } (RFC 5958)
function keyOfPem(text: string, type: PublicKeyType): { readonly bytes: Uint8Array } | undefined {
  const bytes = pemBytes(text, "PRIVATE KEY");
  if (bytes === undefined) return undefined;
  const [outer, ...more] = children(bytes, 0, bytes.length) ?? [];
  const [version, algorithm, key] = sequence(bytes, outer);
  if (more.length > 0 || version?.tag !== tags.integer || algorithm === undefined || key?.tag !== tags.octetString) return undefined;
  const identifier = bytes.subarray(algorithm.at, algorithm.end);
  switch (type) {
    case "ed25519": {
      const seed = bytes.subarray(key.start + 2, key.end);
      const isSeed = bytes[key.start] === tags.octetString && bytes[key.start + 1] === 32 && seed.length === 32;
      return isSeed && equalBytes(identifier, ED25519_ALGORITHM) ? { bytes: seed } : undefined;
    }
    case "p256":
      return equalBytes(identifier, P256_ALGORITHM) ? { bytes } : undefined;
    case "rsa": {
      const [inner] = children(bytes, key.start, key.end) ?? [];
      const [, modulus] = sequence(bytes, inner);
      return modulus !== undefined && isRsaModulus(bytes, modulus) && equalBytes(identifier, RSA_ALGORITHM) ? { bytes } : undefined;
    }
  }
}

function sequence(bytes: Uint8Array, element: Element | undefined): Element[] {
  return element?.tag === tags.sequence ? (children(bytes, element.start, element.end) ?? []) : [];
}
