// Fetches a kept request from the server, in the shape a captured one has.
import type { RequestView } from "../http/schemas/event.ts";
import type { SourceView } from "../http/schemas/source.ts";
import type { CapturedRequest } from "./captured-request.ts";
import type { Context } from "./command.ts";
import type { ConnectionOptions } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import { bodyBytes } from "./raw-request.ts";
import { connect } from "./resource.ts";
import type { ServerClient } from "./server-client.ts";

export interface StoredRequest {
  captured: CapturedRequest;
  /** Null when its source is unknown or gone. */
  provider: string | null;
  params: Readonly<Record<string, string | number | boolean>>;
  receivedAtMs: number;
}

export async function fetchStoredRequest(context: Context, options: ConnectionOptions, id: string): Promise<StoredRequest> {
  const client = await connect(context, options);
  const item = await client.get<RequestView>(`/v1/requests/${encodeURIComponent(id)}`);
  const source = item.sourceId === null ? null : await sourceOf(client, item.sourceId);
  const { method, pathTail, query, headers } = item.request;
  const body = bodyBytes(item);
  const notes: string[] = [];
  if (item.bodyTruncated)
    notes.push(
      `The server kept ${body.length} of the body's ${item.bodyBytes} bytes, so a signature over the whole body cannot verify here.`,
    );
  return {
    captured: { method, url: `${source?.url ?? ""}${pathTail}${query === "" ? "" : `?${query}`}`, headers: headers.flat(), body, notes },
    provider: source?.provider ?? null,
    params: source?.params ?? {},
    receivedAtMs: Date.parse(item.receivedAt),
  };
}

async function sourceOf(client: ServerClient, id: string): Promise<SourceView | null> {
  try {
    return await client.get<SourceView>(`/v1/sources/${encodeURIComponent(id)}`);
  } catch (error) {
    // A deleted source leaves its requests behind; the person can still say whose scheme it was.
    if (error instanceof CliError && error.exit === EXIT.notFound) return null;
    throw error;
  }
}
