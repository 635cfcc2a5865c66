// Which executor a runtime gets.
import type { Engine, SyncEngine } from "./engine.ts";
import { nodeEngine } from "./node-crypto.ts";
import { ConfigError } from "./result.ts";
import { nodeCrypto } from "./runtime.ts";
import { webEngine } from "./web-crypto.ts";

let node: SyncEngine | undefined;

/** Undefined where the runtime hands out no `node:crypto`. */
export function knownNodeEngine(): SyncEngine | undefined {
  const crypto = nodeCrypto();
  if (node === undefined && crypto !== undefined) node = nodeEngine(crypto);
  return node;
}

/** For code that cannot wait. Throws ConfigError, with the function to use `instead`, where there is no `node:crypto`. */
export function syncEngine(instead: string): SyncEngine {
  const engine = knownNodeEngine();
  if (engine === undefined)
    throw new ConfigError("runtime", `has no node:crypto, so nothing can be made at once: use ${instead}, which waits for WebCrypto`);
  return engine;
}

/** The fastest one: `verify()` over 1 KiB takes 17 µs with `node:crypto` and 87 µs with WebCrypto, whose steps are promises. */
export function bestEngine(): Engine {
  return knownNodeEngine() ?? webEngine;
}
