// Access tokens of destinations that want OAuth 2.0 client credentials: fetched through the one outbound door and kept.
import type { FailureDetail } from "../core/attempt-facts.ts";
import type { DestinationAuth } from "../core/destination.ts";
import type { Exchange, Transport } from "../outbound/transport.ts";
import type { Clock } from "../system/clock.ts";

export type OAuthAuth = Extract<DestinationAuth, { kind: "oauth2" }>;

export type TokenAnswer =
  | { ok: true; token: string; /** False when it was fetched for this very question. */ kept: boolean }
  /** `message` says what happened, in a sentence for the owner; it holds no credential. */
  | { ok: false; failure: "auth_error" | "cancelled"; message: string; detail: FailureDetail };

export interface OAuthTokens {
  /** Never rejects. Questions for the same credentials share one fetch. `deadlineMs` bounds it, and 10 s does. */
  tokenFor(auth: OAuthAuth, deadlineMs: number): Promise<TokenAnswer>;
  /** The receiver refused this token: the next question fetches another. */
  forget(auth: OAuthAuth, token: string): void;
}

interface Kept {
  token: string;
  until: number;
}

const FETCH_DEADLINE_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const TOKEN_CHARACTERS_MAX = 8 * 1024;
const KEPT_MAX = 1_000;
// A token is not used in its last minute, so that it does not expire on its way.
const MARGIN_MS = 60_000;
// What an answer without `expires_in` is trusted for.
const LIFETIME_DEFAULT_MS = 300_000;
const LIFETIME_MS_MAX = 86_400_000;

export function createOAuthTokens({ transport, clock }: { transport: Transport; clock: Clock }): OAuthTokens {
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<TokenAnswer>>();

  async function fetchToken(key: string, auth: OAuthAuth, deadlineMs: number): Promise<TokenAnswer> {
    const exchange = await transport.exchange(tokenRequest(auth, Math.min(deadlineMs, FETCH_DEADLINE_MS)));
    const read = readAnswer(exchange);
    if (!read.ok) return read;
    kept.delete(key);
    kept.set(key, { token: read.token, until: clock.now() + usableMs(read.lifetimeMs) });
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT_MAX) break;
      kept.delete(oldest);
    }
    return { ok: true, token: read.token, kept: false };
  }

  return {
    tokenFor(auth, deadlineMs) {
      const key = keyOf(auth);
      const known = kept.get(key);
      if (known !== undefined && known.until > clock.now()) return Promise.resolve({ ok: true, token: known.token, kept: true });
      let fetching = underWay.get(key);
      if (fetching === undefined) {
        fetching = fetchToken(key, auth, deadlineMs).finally(() => underWay.delete(key));
        underWay.set(key, fetching);
      }
      return fetching;
    },
    forget(auth, token) {
      const key = keyOf(auth);
      if (kept.get(key)?.token === token) kept.delete(key);
    },
  };
}

// Destinations are immutable values, and so are their credentials: the key of one is made once.
const keys = new WeakMap<OAuthAuth, string>();

function keyOf(auth: OAuthAuth): string {
  let key = keys.get(auth);
  if (key === undefined) {
    key = JSON.stringify([auth.tokenUrl, auth.clientId, auth.clientSecret, auth.scope, auth.audience, auth.style]);
    keys.set(auth, key);
  }
  return key;
}

function tokenRequest(auth: OAuthAuth, deadlineMs: number): Parameters<Transport["exchange"]>[0] {
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (auth.scope !== null) form.set("scope", auth.scope);
  if (auth.audience !== null) form.set("audience", auth.audience);
  const headers = ["content-type", "application/x-www-form-urlencoded", "accept", "application/json"];
  switch (auth.style) {
    case "basic":
      // RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
      headers.push(
        "authorization",
        `Basic ${Buffer.from(`${formEncoded(auth.clientId)}:${formEncoded(auth.clientSecret)}`).toString("base64")}`,
      );
      break;
    case "body":
      form.set("client_id", auth.clientId);
      form.set("client_secret", auth.clientSecret);
      break;
  }
  return {
    method: "POST",
    url: auth.tokenUrl,
    headers,
    body: Buffer.from(form.toString(), "utf8"),
    deadlineMs,
    connectTimeoutMs: Math.min(deadlineMs, CONNECT_TIMEOUT_MS),
    responseBytesMax: ANSWER_BYTES_MAX,
  };
}

function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

type ReadAnswer = { ok: true; token: string; lifetimeMs: number } | (TokenAnswer & { ok: false });

function readAnswer(exchange: Exchange): ReadAnswer {
  if (exchange.kind === "failure") {
    const message = `No access token could be fetched from the token URL: ${exchange.message}`;
    // A stop of the server says nothing about the credentials.
    return { ok: false, failure: exchange.failure === "cancelled" ? "cancelled" : "auth_error", message, detail: "token_unreachable" };
  }
  const fields = exchange.truncated ? null : fieldsOf(exchange.body);
  if (exchange.status !== 200) {
    // A code of RFC 6749 is worth repeating; free text of a stranger is not.
    const code = typeof fields?.["error"] === "string" && /^[a-z_]{1,40}$/.test(fields["error"]) ? `, ${fields["error"]}` : "";
    const message = `The token URL refused to give an access token (it answered ${exchange.status}${code}).`;
    return refusedToken(message, "token_refused");
  }
  const token = fields?.["access_token"];
  const type = fields?.["token_type"] ?? "bearer";
  if (typeof token !== "string" || token.length > TOKEN_CHARACTERS_MAX || !/^[\x21-\x7e]+$/.test(token)) {
    return refusedToken("The token URL answered without a usable access_token.", "token_malformed");
  }
  if (typeof type !== "string" || type.toLowerCase() !== "bearer") {
    return refusedToken("The token URL gave a token of another type than Bearer.", "token_malformed");
  }
  const seconds = Number(fields?.["expires_in"] ?? Number.NaN);
  return { ok: true, token, lifetimeMs: seconds > 0 ? Math.min(seconds * 1_000, LIFETIME_MS_MAX) : LIFETIME_DEFAULT_MS };
}

function refusedToken(message: string, detail: FailureDetail): TokenAnswer & { ok: false } {
  return { ok: false, failure: "auth_error", message, detail };
}

/** A token that lives less than two minutes is used for half its life. */
function usableMs(lifetimeMs: number): number {
  return Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2);
}

function fieldsOf(body: Uint8Array): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
