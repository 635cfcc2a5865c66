// What an executor of plans is: the same for node:crypto and WebCrypto, except that one of them answers at once.
import type { CompiledScheme, CompiledSigner, Content, Plan } from "./plan.ts";
import type { VerifyResult } from "./result.ts";

type Answer<Value> = Value | Promise<Value>;

/** `runner` and `signer` throw, or reject with, ConfigError for a key that cannot be used. */
export interface Engine {
  /** Makes the keys of a scheme ready. */
  runner(scheme: CompiledScheme): Answer<(plan: Plan) => Answer<VerifyResult>>;
  /** Makes the keys ready; then one signature per key, as text. */
  signer(signer: CompiledSigner): Answer<(content: Content) => Answer<string[]>>;
  sha256(content: Uint8Array | string): Answer<Uint8Array>;
}

export interface SyncEngine extends Engine {
  runner(scheme: CompiledScheme): (plan: Plan) => VerifyResult;
  signer(signer: CompiledSigner): (content: Content) => string[];
  sha256(content: Uint8Array | string): Uint8Array;
}
