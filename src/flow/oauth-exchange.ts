// One exchange with an access token: asks for it, sends, and asks once more when the receiver refuses one that was kept.
import type { Attempt } from "../core/delivery.ts";
import type { Exchange, OutboundRequest, Transport } from "../outbound/transport.ts";
import type { Clock } from "../system/clock.ts";
import type { OAuthAuth, OAuthTokens, TokenAnswer } from "./oauth-tokens.ts";

export interface TokenExchange {
  exchange: Exchange;
  /** Set when no token could be had and nothing was sent to the receiver. */
  refused: Attempt["result"] | null;
}

/** Fetching the token is part of the attempt and of its deadline. Adds `authorization` to the request's headers. */
export async function exchangeWithToken(
  { transport, tokens, clock }: { transport: Transport; tokens: OAuthTokens; clock: Clock },
  auth: OAuthAuth,
  request: OutboundRequest & { headers: string[] },
): Promise<TokenExchange> {
  const endsAt = clock.now() + request.deadlineMs;
  const remainingMs = (): number => Math.max(1, endsAt - clock.now());
  const { headers } = request;
  const send = (token: string): Promise<Exchange> => {
    request.headers = [...headers, "authorization", `Bearer ${token}`];
    return transport.exchange({ ...request, deadlineMs: remainingMs() });
  };
  const first = await tokens.tokenFor(auth, request.deadlineMs);
  if (!first.ok) return without(first, request.deadlineMs - remainingMs());
  const exchange = await send(first.token);
  if (exchange.kind === "failure" || exchange.status !== 401) return { exchange, refused: null };
  tokens.forget(auth, first.token);
  // One that was fetched a moment ago is refused for another reason than its age.
  if (!first.kept) return { exchange, refused: null };
  const second = await tokens.tokenFor(auth, remainingMs());
  return { exchange: second.ok ? await send(second.token) : exchange, refused: null };
}

function without({ failure, message, detail }: TokenAnswer & { ok: false }, totalMs: number): TokenExchange {
  return {
    exchange: { kind: "failure", failure: "network_error", message, detail, timings: { firstByteMs: null, totalMs } },
    refused: { kind: "failure", failure, message },
  };
}
