// The raw request inside an event or a request record, as commands show it.
import type { EventView } from "../http/schemas/event.ts";

type RawFacts = EventView["request"];
type KeptBody = Pick<EventView, "body" | "bodyEncoding">;

/** Request line, sender, then every header in wire order, duplicates too. */
export function requestPairs({ method, pathTail, query, headers, remoteAddress }: RawFacts): [string, string][] {
  const target = `${pathTail}${query === "" ? "" : `?${query}`}`;
  return [
    ["request", `${method} ${target === "" ? "/" : target}`],
    ["from", remoteAddress],
    ...headers.map(([name, value]): [string, string] => [name.toLowerCase(), value]),
  ];
}

/** The exact bytes again. */
export function bodyBytes({ body, bodyEncoding }: KeptBody): Uint8Array {
  return new Uint8Array(Buffer.from(body, bodyEncoding));
}

const HEX_SHOWN_BYTES = 64;

/** Text indented where it is JSON; the first bytes in hex where it is no text. */
export function bodyText(kept: KeptBody): string {
  if (kept.body === "") return "(no body)";
  if (kept.bodyEncoding === "base64") {
    const bytes = Buffer.from(kept.body, "base64");
    return `(${bytes.length} bytes that are no text) ${bytes.subarray(0, HEX_SHOWN_BYTES).toString("hex")}${bytes.length > HEX_SHOWN_BYTES ? "…" : ""}`;
  }
  try {
    return JSON.stringify(JSON.parse(kept.body), null, 2);
  } catch {
    // Not JSON, or nested too deeply to print: the text itself is as good.
    return kept.body;
  }
}
