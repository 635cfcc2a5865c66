// What the runtime offers for cryptography: the one place that looks at globals which only some runtimes have.
import type { webcrypto } from "node:crypto";
import { ConfigError } from "./result.ts";

export type NodeCrypto = typeof import("node:crypto");
export type WebCrypto = Pick<webcrypto.Crypto, "getRandomValues" | "subtle">;

// The lines below are the only ones that may name these globals; a test walks all that index.ts imports.
interface Globals {
  readonly crypto?: WebCrypto;
  readonly process?: { getBuiltinModule?(id: string): unknown };
}

const NEEDED = ["createHash", "createHmac", "createPrivateKey", "createPublicKey", "createSecretKey", "sign", "timingSafeEqual", "verify"];

let found: NodeCrypto | null | undefined;

/**
 * `node:crypto` where it can be had without an import: Node 20.16 and 22.3, Deno 2.1, Bun of 2025. Undefined elsewhere, and
 * where what answers is no whole `node:crypto`, as in the stand-ins of some bundlers.
 */
export function nodeCrypto(): NodeCrypto | undefined {
  if (found === undefined) found = findNodeCrypto() ?? null;
  return found ?? undefined;
}

function findNodeCrypto(): NodeCrypto | undefined {
  try {
    const module = (globalThis as Globals).process?.getBuiltinModule?.("node:crypto");
    const isWhole = NEEDED.every((name) => typeof (module as Readonly<Record<string, unknown>> | undefined)?.[name] === "function");
    return isWhole ? (module as NodeCrypto) : undefined;
  } catch {
    // A runtime may refuse to hand out its modules: then there is WebCrypto.
    return undefined;
  }
}

/** Every runtime since 2022 has it; Node 18 only behind a flag. Throws ConfigError where it is absent. */
export function webCrypto(): WebCrypto {
  const { crypto } = globalThis as Globals;
  if (crypto?.subtle === undefined) throw new ConfigError("runtime", "has no WebCrypto (globalThis.crypto.subtle)");
  return crypto;
}
