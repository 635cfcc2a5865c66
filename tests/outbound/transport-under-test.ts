// A transport with test-sized limits, and one-line POSTs through it.
import { createAddressGuard } from "../../src/outbound/address-guard.ts";
import { createHttpTransport, type HttpTransportOptions } from "../../src/outbound/http.ts";
import type { Exchange, OutboundRequest, Transport } from "../../src/outbound/transport.ts";
import { systemClock } from "../../src/system/clock.ts";

export interface TransportUnderTest {
  transport: Transport;
  post: (url: string, changes?: Partial<OutboundRequest>, signal?: AbortSignal) => Promise<Exchange>;
}

export function openTransport(
  options: Partial<HttpTransportOptions> & { allow?: string[]; allowPlainHttp?: boolean } = {},
): TransportUnderTest {
  const guard = createAddressGuard({ allow: options.allow ?? [], allowPlainHttp: options.allowPlainHttp ?? true });
  const transport = createHttpTransport({ guard, clock: systemClock, ...options });
  return {
    transport,
    post: (url, changes, signal) =>
      transport.exchange(
        {
          method: "POST",
          url,
          headers: ["content-type", "application/json"],
          body: Buffer.from('{"hello":"world"}'),
          deadlineMs: 5_000,
          connectTimeoutMs: 2_000,
          responseBytesMax: 16 * 1024,
          ...changes,
        },
        signal,
      ),
  };
}

/** The end of an exchange in one word: its status, or its class of failure. */
export function outcome(exchange: Exchange): number | string {
  return exchange.kind === "response" ? exchange.status : exchange.failure;
}
