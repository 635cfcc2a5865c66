// Answers the requests by which the provider tests the endpoint, and lets happen what they ask for beside the answer.
import type { SchemeConfig } from "../config.ts";
import { createHandshaker, type HandshakeAnswer, type HandshakePhase, type Handshaker } from "../handshake.ts";
import type { WebhookRequest } from "../request.ts";
import { type Answer, answerOf, problem, tryAgain } from "./answer.ts";
import type { Callbacks, HandshakeCause } from "./callbacks.ts";
import { confirm } from "./vendor-fetch.ts";

export interface HandshakingOptions<Request> {
  readonly config: SchemeConfig;
  readonly callbacks: Callbacks<Request>;
  readonly onHandshake?: ((answer: HandshakeAnswer, request: Request) => unknown) | undefined;
  readonly onSecret?: ((secret: string, request: Request) => unknown) | undefined;
  /**
   * Undefined when the webhook has a secret; else it takes the one that the provider brings, and what it returns puts that
   * in force. Throws ConfigError for one that cannot be used.
   */
  readonly learn: ((secret: string) => () => void) | undefined;
}

export interface Handshaking<Request> {
  /** Undefined when the request is no handshake of the provider in this phase. Never rejects. */
  answer(received: WebhookRequest, phase: HandshakePhase, request: Request): Promise<Answer | undefined>;
}

/** Throws ConfigError like `createHandshaker`. */
export function createHandshaking<Request>(options: HandshakingOptions<Request>): Handshaking<Request> {
  const { config, callbacks, onHandshake, onSecret } = options;
  let { learn } = options;
  let handshaker: Handshaker = createHandshaker(config);

  async function carryOut(given: HandshakeAnswer, phase: HandshakePhase, request: Request): Promise<Answer> {
    const answer = answerOf({ ...given, headers: Object.fromEntries(given.headers) });
    const { effect, name, refused } = given;
    const fail = (cause: HandshakeCause, message: string) => callbacks.fail(request, { ok: false, cause, message: `${name}: ${message}` });
    if (refused !== undefined) await fail(given.status >= 400 ? "handshake_refused" : "handshake_incomplete", refused);
    switch (effect?.kind) {
      case undefined:
        return answer;
      case "fetch": {
        // Anybody can send what is not signed, so it is the owner's to decide what is fetched for it.
        if (phase === "before") return answer;
        const problemFound = await confirmed(effect.url);
        if (problemFound === undefined) return answer;
        await fail("handshake_incomplete", `It could not be confirmed, and the sender was asked to try again: ${problemFound}`);
        return tryAgain();
      }
      case "learn-secret":
        return (await learnt(effect.secret, fail, request)) ? answer : problem(500, "Internal Server Error");
    }
  }

  /** false: it could not be kept, so the provider must not think that it was. */
  async function learnt(secret: string, fail: (cause: HandshakeCause, message: string) => unknown, request: Request): Promise<boolean> {
    // It came unsigned: whoever knows the URL could bring one, so a secret that is there is never replaced.
    if (learn === undefined || onSecret === undefined) {
      await fail("handshake_incomplete", "The provider brought another secret than the one of this webhook, which keeps its own.");
      return true;
    }
    const take = learn;
    // Gone before the callback is awaited, so that a second secret that comes meanwhile is not learnt as well.
    learn = undefined;
    const kept = await callbacks.tell(request, async () => {
      const use = take(secret);
      await onSecret(secret, request);
      handshaker = createHandshaker({ ...config, secrets: [secret] });
      use();
    });
    if (!kept) learn = take;
    return kept;
  }

  return {
    async answer(received, phase, request) {
      const given = handshaker.answer(received, phase);
      if (given === undefined || given.alsoEvent) return undefined;
      const answer = await carryOut(given, phase, request);
      await callbacks.tell(request, () => onHandshake?.(given, request));
      return answer;
    },
  };
}

/** Why it failed; undefined when it did not. */
async function confirmed(url: string): Promise<string | undefined> {
  try {
    await confirm(url);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "unknown error";
  }
}
