// The callbacks of the owner of a webhook: what they throw is reported, and changes no answer.
import type { VerifyFailure } from "../result.ts";

/**
 * What became of a handshake beside its answer: `handshake_refused`, the caller asked for something that is not granted;
 * `handshake_incomplete`, it was answered, but what it asks for beside the answer did not happen.
 */
export type HandshakeCause = "handshake_refused" | "handshake_incomplete";

/** Why a request was refused, or a handshake came to nothing. `message` is for the owner, never for the caller. */
export type WebhookFailure =
  | VerifyFailure
  | { readonly ok: false; readonly cause: HandshakeCause; /** One plain sentence. */ readonly message: string };

export interface CallbackOptions<Request> {
  readonly onFailure?: ((failure: WebhookFailure, request: Request) => unknown) | undefined;
  readonly onError?: ((error: unknown, request: Request) => unknown) | undefined;
}

export interface Callbacks<Request> {
  /** Runs one, if there is one. false: it threw. */
  tell(request: Request, callback: (() => unknown) | undefined): Promise<boolean>;
  fail(request: Request, failure: WebhookFailure): Promise<unknown>;
  report(error: unknown, request: Request): Promise<void>;
}

export function createCallbacks<Request>({ onFailure, onError }: CallbackOptions<Request>): Callbacks<Request> {
  async function report(error: unknown, request: Request): Promise<void> {
    try {
      if (onError === undefined) console.error(error);
      else await onError(error, request);
    } catch (second) {
      console.error(second);
    }
  }

  async function tell(request: Request, callback: (() => unknown) | undefined): Promise<boolean> {
    try {
      await callback?.();
      return true;
    } catch (error) {
      await report(error, request);
      return false;
    }
  }

  return { tell, report, fail: (request, failure) => tell(request, () => onFailure?.(failure, request)) };
}
