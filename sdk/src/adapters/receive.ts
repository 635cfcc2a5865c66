// What every adapter does once it has the raw bytes: verify, hand the event to the handler, and decide on the answer.
import { utf8 } from "../encoding.ts";
import { headerPairs, type HeadersInput } from "../request.ts";
import { verify } from "../webhook.ts";
import { createEvent, type WebhookEvent } from "./event.ts";
import { checkOptions, type Handler, type HandlerAnswer, type WebhookOptions } from "./options.ts";
import { signedTime } from "./signed-time.ts";

/** What an adapter found where the body should be. */
export type Body =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "too_large" }
  /** Somebody in front has taken the body apart, and the bytes are gone; `fix` says how to mount the adapter instead. */
  | { readonly kind: "consumed"; readonly fix: string }
  /** The sender hung up: there is nobody to answer. */
  | { readonly kind: "aborted" };

export interface Incoming {
  readonly method: string;
  /** Only its query is used: the URL a provider signs is the registered one. */
  readonly url: string;
  readonly headers: HeadersInput;
  readonly body: Body;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for an answer without a body. */
  readonly body: Uint8Array;
}

export interface Receiver<Request> {
  readonly bodyBytesMax: number;
  /** Never rejects. Undefined when nobody waits for an answer. */
  receive(incoming: Incoming, request: Request): Promise<Answer | undefined>;
}

/** Throws ConfigError for options that cannot work. */
export function createReceiver<Request>(options: WebhookOptions<Request>): Receiver<Request> {
  const { provider, verify: verifyOptions, bodyBytesMax } = checkOptions(options);
  const { handler, handlers = {}, onFailure } = options;

  /** Runs a callback of the user: what it throws is told, and changes no answer. */
  async function tell(request: Request, callback: () => unknown): Promise<void> {
    try {
      await callback();
    } catch (error) {
      await report(error, request);
    }
  }

  async function report(error: unknown, request: Request): Promise<void> {
    try {
      if (options.onError === undefined) console.error(error);
      else await options.onError(error, request);
    } catch (second) {
      console.error(second);
    }
  }

  function handlerOf(type: string | undefined): Handler<Request> | undefined {
    // Types come from outside: one named `constructor` must not find what every object has.
    return type !== undefined && Object.hasOwn(handlers, type) ? handlers[type] : handler;
  }

  async function handle(event: WebhookEvent, request: Request): Promise<Answer> {
    try {
      const given = await handlerOf(event.type)?.(event, request);
      return isAnswer(given) ? answerOf(given) : (expected ?? OK);
    } catch (error) {
      await report(error, request);
      return problem(500, "Internal Server Error");
    }
  }

  async function accept({ method, url, headers }: Incoming, body: Uint8Array, request: Request): Promise<Answer> {
    const result = await verify({ method: method.toUpperCase(), url: absolute(url), headers, body }, verifyOptions);
    if (!result.ok) {
      await tell(request, () => onFailure?.(result, request));
      // Options that stopped working are our own mistake: the provider should try again, and must not take it for a refusal.
      const ours = result.cause === "no_secret" || result.cause === "invalid_config";
      return ours ? problem(500, "Internal Server Error") : problem(401, "Unauthorized");
    }
    const pairs = headerPairs(headers);
    const first = (name: string): string | undefined => pairs.find(([each]) => each.toLowerCase() === name)?.[1];
    const timestamp = signedTime(provider, verifyOptions.params ?? {}, first, body);
    return handle(createEvent({ id: result.event.id, type: result.event.type, timestamp, provider, pairs, body }), request);
  }

  const { answer } = provider;
  const expected =
    answer &&
    answerOf({
      status: answer.status,
      headers: answer.contentType === undefined ? {} : { "content-type": answer.contentType },
      body: answer.body,
    });

  return {
    bodyBytesMax,
    async receive(incoming, request) {
      const { body } = incoming;
      switch (body.kind) {
        case "aborted":
          return undefined;
        case "too_large":
          return problem(413, "Content Too Large", { connection: "close" });
        case "consumed": {
          await report(new Error(body.fix), request);
          return problem(500, "Internal Server Error", {}, body.fix);
        }
        case "bytes":
          if (body.bytes.length > bodyBytesMax) return problem(413, "Content Too Large");
          return accept(incoming, body.bytes, request);
      }
    },
  };
}

const NO_BODY = new Uint8Array(0);
const OK: Answer = { status: 200, headers: {}, body: NO_BODY };

/** RFC 9457. Why a request was refused is the owner's business: it would tell an attacker what to fix. */
function problem(status: number, title: string, headers: Record<string, string> = {}, detail?: string): Answer {
  const body = { type: "about:blank", title, status, ...(detail === undefined ? {} : { detail }) };
  return { status, headers: { ...headers, "content-type": "application/problem+json" }, body: utf8(JSON.stringify(body)) };
}

function answerOf({ status, headers = {}, body = "" }: HandlerAnswer): Answer {
  return { status, headers, body: typeof body === "string" ? utf8(body) : body };
}

// Whatever else a handler happens to return, such as a row of a database, is no answer.
function isAnswer(value: unknown): value is HandlerAnswer {
  if (typeof value !== "object" || value === null || !("status" in value)) return false;
  const { status } = value;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599;
}

// A path alone is no URL; the host that stands in for the real one is never looked at.
function absolute(url: string): string {
  return url.startsWith("/") ? `http://localhost${url}` : url;
}
