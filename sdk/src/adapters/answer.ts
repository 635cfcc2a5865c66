// What is answered: to the provider as the handler wants it, and to everybody else without a reason.
import { utf8 } from "../encoding.ts";

/** What the provider is answered, where the usual empty 200 is not what it wants. */
export interface HandlerAnswer {
  /** 200 to 599. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for an answer without a body. */
  readonly body: Uint8Array;
}

export const OK: Answer = { status: 200, headers: {}, body: new Uint8Array(0) };

/** RFC 9457. Why a request was refused is the owner's business: it would tell an attacker what to fix. */
export function problem(status: number, title: string, headers: Record<string, string> = {}, detail?: string): Answer {
  const body = { type: "about:blank", title, status, ...(detail === undefined ? {} : { detail }) };
  return { status, headers: { ...headers, "content-type": "application/problem+json" }, body: utf8(JSON.stringify(body)) };
}

/** Nothing is decided about the request: the provider should send it again, a minute from now. */
export function tryAgain(): Answer {
  return problem(503, "Service Unavailable", { "retry-after": "60" });
}

export function answerOf({ status, headers = {}, body = "" }: HandlerAnswer): Answer {
  return { status, headers, body: typeof body === "string" ? utf8(body) : body };
}

/** Whatever else a handler happens to return, such as a row of a database, is no answer. */
export function isAnswer(value: unknown): value is HandlerAnswer {
  if (typeof value !== "object" || value === null || !("status" in value)) return false;
  const { status } = value;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599;
}
