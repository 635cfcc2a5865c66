// From a Request of the Fetch API to its Response: what the adapters of Hono and Next share.
import type { FetchHeaders } from "../request.ts";
import type { Answer } from "./answer.ts";
import { joined } from "./node-message.ts";
import type { Body, Receiver } from "./receive.ts";

/** The part of the Fetch API's `Request` that is used, so that the types do not need the DOM. */
export interface FetchRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: FetchHeaders;
  readonly bodyUsed: boolean;
  readonly body: { readonly locked: boolean; getReader(): FetchReader } | null;
}

interface FetchReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
  cancel(): Promise<unknown>;
}

const FIX =
  "The body of this webhook was already read, so its raw bytes are gone: let webhook() be the first to read the request, and no middleware before it.";

/** `request` is what the handlers of the user get. Never rejects. */
export async function respond<Request>(receiver: Receiver<Request>, fetched: FetchRequest, request: Request): Promise<Response> {
  const { method, url, headers } = fetched;
  const body = await readBody(fetched, receiver.bodyBytesMax);
  return responseOf(await receiver.receive({ method, url, headers, body }, request));
}

async function readBody({ body, bodyUsed }: FetchRequest, bytesMax: number): Promise<Body> {
  if (bodyUsed || body?.locked === true) return { kind: "consumed", fix: FIX };
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = body?.getReader();
  try {
    for (let part = await reader?.read(); part?.value !== undefined && !part.done; part = await reader?.read()) {
      bytes += part.value.length;
      chunks.push(part.value);
      if (bytes <= bytesMax) continue;
      await reader?.cancel();
      return { kind: "too_large" };
    }
  } catch {
    // Cut off on the way.
    return { kind: "aborted" };
  }
  return { kind: "bytes", bytes: joined(chunks, bytes) };
}

function responseOf(answer: Answer | undefined): Response {
  // Nobody hears it; the frameworks want a Response all the same.
  if (answer === undefined) return new Response(null, { status: 400 });
  const { status, body } = answer;
  // A server that speaks HTTP/2 closes its streams itself; a `connection` header is forbidden there.
  const headers = Object.entries(answer.headers).filter(([name]) => name !== "connection");
  return new Response(body.length === 0 ? null : new Uint8Array(body), { status, headers });
}
