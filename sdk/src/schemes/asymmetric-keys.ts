// The keys of schemes whose vendor signs with a private key: read from the options, paired with their algorithm.
import type { SchemeConfig } from "../config.ts";
import { fetchesKeys } from "../key-question.ts";
import type { Key, SigningKey } from "../plan.ts";
import { parsePrivateKey } from "../private-keys.ts";
import { type PublicKeyType, parsePublicKeys } from "../public-keys.ts";
import type { AsymmetricAlgorithm } from "../provider.ts";
import { ConfigError } from "../result.ts";

const keyTypes: Readonly<Record<AsymmetricAlgorithm, PublicKeyType>> = {
  ed25519: "ed25519",
  "ecdsa-p256-sha256": "p256",
  "ecdsa-p256-sha256-raw": "p256",
  "rsa-sha256": "rsa",
  "rsa-sha1": "rsa",
};

/**
 * One key per public key and algorithm. A public key may also stand among the secrets, because a source that is
 * configured in one field has only that one. `defaultId` names keys that do not name themselves, as PEM.
 *
 * Throws ConfigError when there is none, or when one is no public key of the type of the algorithms.
 */
export function asymmetricKeys(config: SchemeConfig, algorithms: readonly AsymmetricAlgorithm[], defaultId?: string): Key[] {
  if (config.keysLater && fetchesKeys(config)) return [];
  if (config.secrets.length === 0 && config.publicKeys.length === 0)
    throw new ConfigError("secrets", `is empty: ${config.provider.name} signs with a key pair, so its public key is needed`);
  const texts = [
    ...config.secrets.map((text, index) => ({ text, path: `secrets[${index}]`, secretIndex: index })),
    ...config.publicKeys.map((text) => ({ text, path: "publicKey", secretIndex: undefined })),
  ];
  return texts.flatMap(({ text, path, secretIndex }) =>
    algorithms.flatMap((algorithm) =>
      parsePublicKeys(text, keyTypes[algorithm], path).map(({ bytes, id }) => ({
        algorithm,
        bytes,
        secretIndex,
        keyId: id ?? defaultId,
        path,
      })),
    ),
  );
}

/** The private key that signs: the first secret. Throws ConfigError when there is none, or when one is no private key. */
export function signingKey(config: SchemeConfig, algorithm: AsymmetricAlgorithm): SigningKey {
  const [key] = config.secrets.map((text, index): SigningKey => {
    const path = `secrets[${index}]`;
    return { algorithm, ...parsePrivateKey(text, keyTypes[algorithm], path), path };
  });
  if (key === undefined)
    throw new ConfigError("secrets", `is empty: ${config.provider.name} signs with a key pair, so a private key of your own is needed`);
  return key;
}

/** The lengths a signature of the algorithm can have; DER of ECDSA varies with the leading zeros of its numbers. */
export function fitsAlgorithm(algorithm: AsymmetricAlgorithm, length: number): boolean {
  switch (algorithm) {
    case "ed25519":
    case "ecdsa-p256-sha256-raw":
      return length === 64;
    case "ecdsa-p256-sha256":
      return length >= 8 && length <= 72;
    case "rsa-sha256":
    case "rsa-sha1":
      return length >= 256 && length <= 1024;
  }
}
