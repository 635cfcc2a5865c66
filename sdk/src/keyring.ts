// Vendors' public keys, fetched when a request needs one and kept: one question at a time, few of them, never for long.
//
// Who may be asked is the provider's record (key-question.ts); how is the `fetch` that is given. Requests that nobody
// has verified yet cause the questions, so they are counted, and wrong answers are remembered too.
import { parseCertificate } from "./certificate.ts";
import { isRecord, jsonObject, parseJson, valueAt } from "./json.ts";
import { type KeyOptions, keyQuestion, type KeyQuestion } from "./key-question.ts";
import { limits } from "./limits.ts";
import type { KeySource } from "./provider.ts";
import type { WebhookRequest } from "./request.ts";
import { failure, type VerifyFailure } from "./result.ts";

/** Answers the body of a 200; rejects with an Error whose message a person can read. Must not follow redirects. */
export type KeyFetch = (question: KeyQuestion) => Promise<string>;

export interface Keyring {
  /** The key to verify this request with, as `publicKey` takes it. Only for options that fetch their keys. Never rejects. */
  find(options: KeyOptions, request: WebhookRequest, nowMs: number): Promise<FoundKey | VerifyFailure>;
}

export interface FoundKey {
  readonly ok: true;
  readonly publicKey: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long an answer is good. A certificate and a key with an id never change under their name. */
const LIFE_MS: Readonly<Record<KeySource["kind"], number>> = {
  certificate: 24 * HOUR_MS,
  "jwk-by-id": 24 * HOUR_MS,
  jwks: HOUR_MS,
  pem: HOUR_MS,
};
/** While the vendor does not answer, an old answer serves on for a day: its keys are rotated over weeks. */
const STALE_MS = 24 * HOUR_MS;
/** A failure is not asked about again before this; and a list that lacks a key is asked again after it at the earliest. */
const AGAIN_AFTER_MS = 30_000;

interface Entry {
  readonly answer: Answer;
  /** When the answer came; of an old one that still serves, when it last was good. */
  readonly atMs: number;
  readonly askedMs: number;
}

type Answer = FoundKey | VerifyFailure;

export function createKeyring({ fetch }: { readonly fetch: KeyFetch }): Keyring {
  const entries = new Map<string, Entry>();
  const asking = new Map<string, Promise<Answer>>();
  let minuteStartMs = 0;
  let asked = 0;

  async function find(options: KeyOptions, request: WebhookRequest, nowMs: number): Promise<Answer> {
    const question = keyQuestion(options, request);
    if ("ok" in question) return question;
    const entry = entries.get(question.id);
    if (entry !== undefined && isFresh(entry, question, nowMs)) return entry.answer;
    let answer = asking.get(question.id);
    if (answer === undefined) {
      if (!mayAsk(nowMs)) return entry?.answer ?? failure("key_unavailable", "Too many keys were asked for in this minute.");
      answer = ask(options, question, nowMs).finally(() => asking.delete(question.id));
      asking.set(question.id, answer);
    }
    return answer;
  }

  function mayAsk(nowMs: number): boolean {
    if (nowMs - minuteStartMs >= MINUTE_MS || nowMs < minuteStartMs) [minuteStartMs, asked] = [nowMs, 0];
    asked += 1;
    return asked <= limits.keyringQuestionsPerMinuteMax;
  }

  async function ask(options: KeyOptions, question: KeyQuestion, nowMs: number): Promise<Answer> {
    const before = entries.get(question.id);
    let answer: Answer;
    try {
      answer = read(await fetch(question), options, nowMs);
    } catch (error) {
      answer = failure("key_unavailable", `The key of ${options.provider.name} could not be fetched: ${messageOf(error)}`);
    }
    const serves = !answer.ok && before?.answer.ok === true && nowMs - before.atMs < STALE_MS && question.kind !== "certificate";
    const entry = serves ? { ...before, askedMs: nowMs } : { answer, atMs: nowMs, askedMs: nowMs };
    // Set anew, so that the one asked longest ago is the first to go.
    entries.delete(question.id);
    entries.set(question.id, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= limits.keyringEntriesMax) break;
      entries.delete(oldest);
    }
    return entry.answer;
  }

  return { find };
}

function isFresh({ answer, atMs, askedMs }: Entry, question: KeyQuestion, nowMs: number): boolean {
  if (nowMs - askedMs < AGAIN_AFTER_MS) return true;
  if (!answer.ok || nowMs - atMs >= LIFE_MS[question.kind]) return false;
  return question.kind !== "jwks" || question.keyId === undefined || holdsKey(answer.publicKey, question.keyId);
}

function holdsKey(jwks: string, keyId: string): boolean {
  const keys = valueAt(jsonObject(jwks), ["keys"]);
  return Array.isArray(keys) && keys.some((key) => valueAt(key, ["kid"]) === keyId);
}

/** What the vendor answered, as a public key. */
function read(text: string, { provider }: KeyOptions, nowMs: number): Answer {
  const source = provider.keySource;
  const unusable = failure("key_unavailable", `${provider.name} answered something that is not its key.`);
  if (source === undefined || text.length > limits.keyAnswerCharsMax) return unusable;
  if (source.kind === "certificate") return readCertificate(text, nowMs) ?? unusable;
  const value =
    source.at === undefined ? (source.kind === "pem" ? text : parseJson(text)) : valueAt(jsonObject(text), source.at.split("."));
  if (source.kind === "pem") return typeof value === "string" ? { ok: true, publicKey: value } : unusable;
  if (!isRecord(value)) return unusable;
  const expiresAt = source.kind === "jwk-by-id" ? value["expired_at"] : undefined;
  if (typeof expiresAt === "number" && expiresAt * 1000 <= nowMs)
    return failure("unknown_key", `${provider.name} has withdrawn the key that the request is signed with.`);
  return { ok: true, publicKey: JSON.stringify(value) };
}

function readCertificate(text: string, nowMs: number): Answer | undefined {
  const certificate = parseCertificate(text);
  if (certificate === undefined) return undefined;
  if (nowMs < certificate.validFromMs || nowMs > certificate.validToMs)
    return failure("untrusted_key_source", "The certificate that the request is signed with has expired or is not in force yet.");
  return { ok: true, publicKey: text };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown error";
}
