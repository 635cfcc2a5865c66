// Seals the secret parts of configuration with AES-256-GCM, so that the store and its backups never hold a secret in clear.
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from "node:crypto";
import type { Random } from "../system/random.ts";

// One byte in front of every ciphertext names its layout, so that a later layout can be told from this one.
const VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES;

/** Thrown when a ciphertext was made with another key, for another record, or was changed. */
export class UnsealError extends Error {
  override readonly name = "UnsealError";
}

export interface Sealer {
  /** `context` (kind and id of the record) is authenticated: a ciphertext moved to another record does not open. */
  seal(context: string, value: unknown): Uint8Array;
  /** Throws UnsealError. */
  open(context: string, sealed: Uint8Array): unknown;
}

export function createSealer(key: Uint8Array, random: Random): Sealer {
  if (key.length !== KEY_BYTES) throw new Error(`a sealing key has ${KEY_BYTES} bytes, this one has ${key.length}`);
  // Random nonces are safe for 2^32 messages under one key. Deriving a key per layout keeps this one free for other uses.
  const secret = createSecretKey(new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), "posthorn sealer v1", KEY_BYTES)));

  return {
    seal(context, value) {
      const nonce = random.fill(new Uint8Array(NONCE_BYTES));
      const cipher = createCipheriv("aes-256-gcm", secret, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context, "utf8"));
      const text = Buffer.from(JSON.stringify(value), "utf8");
      return new Uint8Array(Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]));
    },
    open(context, sealed) {
      if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed[0] !== VERSION) {
        throw new UnsealError(`${context}: not a sealed value of version ${VERSION}`);
      }
      const decipher = createDecipheriv("aes-256-gcm", secret, sealed.subarray(1, HEAD_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context, "utf8"));
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      try {
        const text = Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
        return JSON.parse(text.toString("utf8"));
      } catch (cause) {
        throw new UnsealError(`${context}: sealed with another key, or changed since`, { cause });
      }
    },
  };
}
