// Signs with WebCrypto.
import { concat } from "./der.ts";
import { derOfRaw } from "./ecdsa-der.ts";
import { encode } from "./encoding.ts";
import { joined, type CompiledSigner, type Content, type SigningKey } from "./plan.ts";
import type { HmacAlgorithm } from "./provider.ts";
import { webCrypto } from "./runtime.ts";
import { importHmacKey, importPrivateKey, webParams } from "./web-keys.ts";

type Sign = (content: Content) => Promise<Uint8Array>;

/** Answers one signature per key, as text. Rejects with ConfigError for a private key that is none. */
export async function webSigner(signer: CompiledSigner): Promise<(content: Content) => Promise<string[]>> {
  const keys = await Promise.all(signer.keys.map(signOf));
  return (content) => Promise.all(keys.map(async (sign) => encode(signer.encoding, await sign(content))));
}

async function signOf(key: SigningKey): Promise<Sign> {
  const { algorithm } = key;
  switch (algorithm) {
    case "hmac-sha1":
    case "hmac-sha256":
    case "hmac-sha384":
    case "hmac-sha512":
    case "sha256-prefix":
      return macOf({ ...key, algorithm });
    case "ed25519":
    case "ecdsa-p256-sha256":
    case "ecdsa-p256-sha256-raw":
    case "rsa-sha256":
    case "rsa-sha1": {
      const privateKey = await importPrivateKey({ ...key, algorithm });
      const params = webParams(algorithm).use;
      return async (content) => {
        const signature = new Uint8Array(await webCrypto().subtle.sign(params, privateKey, joined(content)));
        return algorithm === "ecdsa-p256-sha256" ? derOfRaw(signature) : signature;
      };
    }
  }
}

/** The HMAC, or digest, of a shared secret over a content. */
export async function macOf(key: Pick<SigningKey, "bytes" | "digest"> & { readonly algorithm: HmacAlgorithm }): Promise<Sign> {
  const { algorithm } = key;
  const { subtle } = webCrypto();
  if (algorithm === "sha256-prefix")
    return async (content) => new Uint8Array(await subtle.digest("SHA-256", concat(key.bytes, joined(content))));
  const secretKey = await importHmacKey(algorithm, key);
  return async (content) => new Uint8Array(await subtle.sign("HMAC", secretKey, joined(content)));
}
