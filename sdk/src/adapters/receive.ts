// What every adapter does once it has the raw bytes: answer a test of the endpoint, or verify, hand on and answer an event.
import { headerPairs, type HeadersInput, type WebhookRequest } from "../request.ts";
import type { VerifyFailure } from "../result.ts";
import { extract } from "../extract.ts";
import type { Provider } from "../provider.ts";
import { type Answer, answerOf, isAnswer, OK, problem, tryAgain } from "./answer.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import { type Callbacks, createCallbacks } from "./callbacks.ts";
import { createEvent, type WebhookEvent } from "./event.ts";
import { createHandshaking } from "./handshaking.ts";
import { type CheckedOptions, checkOptions, type Handler, type WebhookOptions } from "./options.ts";
import { signedTime } from "./signed-time.ts";
import { sharedKeyring } from "./vendor-fetch.ts";

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

export interface Receiver<Request> {
  readonly bodyBytesMax: number;
  /** POST, and what else the provider tests the endpoint with: for frameworks whose routes name their methods. */
  readonly methods: readonly string[];
  /** Never rejects. Undefined when nobody waits for an answer. */
  receive(incoming: Incoming, request: Request): Promise<Answer | undefined>;
}

/** Throws ConfigError for options that cannot work. */
export function createReceiver<Request>(options: WebhookOptions<Request>): Receiver<Request> {
  const checked = checkOptions(options);
  const { config, bodyBytesMax } = checked;
  const { provider } = config;
  const callbacks = createCallbacks(options);
  const handle = createHandling(provider, options, callbacks);
  const gate = createGate(checked, options);
  const { learn } = gate;
  const handshaking = createHandshaking({ config, callbacks, learn, onHandshake: options.onHandshake, onSecret: options.onSecret });
  const methods = ["POST", ...(provider.handshakes ?? []).flatMap((rule) => rule.methods)].filter(isFirst);

  async function accept({ method, url, headers }: Incoming, body: Uint8Array, request: Request): Promise<Answer> {
    const received = { method: method.toUpperCase(), url: absolute(url), headers, body };
    const tested = await handshaking.answer(received, "before", request);
    if (tested !== undefined) return tested;
    // A method that only tests of the endpoint use brings no events: a token would do to forge one with it.
    if (received.method !== "POST" && methods.includes(received.method))
      return problem(405, "Method Not Allowed", { allow: methods.join(", ") });
    const result = await gate.authenticate(received);
    if (!result.ok) {
      await callbacks.fail(request, result);
      return refusalOf(result);
    }
    return (await handshaking.answer(received, "verified", request)) ?? handle(eventOf(received, config), request);
  }

  return {
    bodyBytesMax,
    methods,
    async receive(incoming, request) {
      const { body } = incoming;
      switch (body.kind) {
        case "aborted":
          return undefined;
        case "too_large":
          return problem(413, "Content Too Large", { connection: "close" });
        case "consumed": {
          await callbacks.report(new Error(body.fix), request);
          return problem(500, "Internal Server Error", {}, body.fix);
        }
        case "bytes":
          if (body.bytes.length > bodyBytesMax) return problem(413, "Content Too Large");
          return accept(incoming, body.bytes, request);
      }
    },
  };
}

interface Gate {
  readonly authenticate: Authenticate;
  /** As in `HandshakingOptions`. */
  readonly learn: ((secret: string) => () => void) | undefined;
}

function createGate<Request>({ config, learns }: CheckedOptions, options: WebhookOptions<Request>): Gate {
  const keyring = options.keyring ?? sharedKeyring();
  if (!learns) return { authenticate: createAuthenticate(config, keyring), learn: undefined };
  const message = `${config.provider.name} has not brought its secret yet.`;
  let authenticate: Authenticate = () => Promise.resolve({ ok: false, cause: "no_secret", message });
  return {
    authenticate: (request) => authenticate(request),
    learn(secret) {
      const next = createAuthenticate({ ...config, secrets: [secret] }, keyring);
      return () => void (authenticate = next);
    },
  };
}

type Handle<Request> = (event: WebhookEvent, request: Request) => Promise<Answer>;

function createHandling<Request>(
  { answer }: Provider,
  { handler, handlers = {} }: WebhookOptions<Request>,
  callbacks: Callbacks<Request>,
): Handle<Request> {
  const expected =
    answer === undefined
      ? OK
      : answerOf({
          status: answer.status,
          headers: answer.contentType === undefined ? {} : { "content-type": answer.contentType },
          body: answer.body,
        });

  function handlerOf(type: string | undefined): Handler<Request> | undefined {
    // Types come from outside: one named `constructor` must not find what every object has.
    return type !== undefined && Object.hasOwn(handlers, type) ? handlers[type] : handler;
  }

  return async (event, request) => {
    try {
      const given = await handlerOf(event.type)?.(event, request);
      return isAnswer(given) ? answerOf(given) : expected;
    } catch (error) {
      await callbacks.report(error, request);
      return problem(500, "Internal Server Error");
    }
  };
}

function eventOf(received: WebhookRequest & { readonly body: Uint8Array }, { provider, params }: CheckedOptions["config"]): WebhookEvent {
  const { id, type } = extract(provider, received, ["id", "type"]);
  const pairs = headerPairs(received.headers);
  const first = (name: string): string | undefined => pairs.find(([each]) => each.toLowerCase() === name)?.[1];
  const timestamp = signedTime(provider, params, first, received.body);
  return createEvent({ id, type, timestamp, provider, pairs, body: received.body });
}

function refusalOf({ cause }: VerifyFailure): Answer {
  switch (cause) {
    case "key_unavailable":
      return tryAgain();
    case "no_secret":
    case "invalid_config":
      // Options that stopped working are our own mistake: the provider should try again, and must not take it for a refusal.
      return problem(500, "Internal Server Error");
    default:
      return problem(401, "Unauthorized");
  }
}

function isFirst(each: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(each) === index;
}

// A path alone is no URL; the host that stands in for the real one is never looked at.
function absolute(url: string): string {
  return url.startsWith("/") ? `http://localhost${url}` : url;
}
