// The raw request inside an event or a request record, as commands show it.

export interface RawItem {
  method: string;
  pathTail: string;
  query: string;
  headers: string[];
  remoteAddress: string;
  bodyBase64?: string;
}

/** Request line, sender, then every header in wire order, duplicates too. */
export function requestPairs(request: RawItem): [string, string][] {
  const target = `${request.pathTail}${request.query === "" ? "" : `?${request.query}`}`;
  const pairs: [string, string][] = [
    ["request", `${request.method} ${target === "" ? "/" : target}`],
    ["from", request.remoteAddress],
  ];
  for (let i = 0; i + 1 < request.headers.length; i += 2) pairs.push([(request.headers[i] ?? "").toLowerCase(), request.headers[i + 1] ?? ""]);
  return pairs;
}

/** The body as text where it is UTF-8, indented where it is JSON; its first bytes in hex otherwise. */
export function bodyText(request: RawItem): string {
  const bytes = Buffer.from(request.bodyBase64 ?? "", "base64");
  if (bytes.length === 0) return "(no body)";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return `(${bytes.length} bytes that are no text) ${bytes.subarray(0, 64).toString("hex")}${bytes.length > 64 ? "…" : ""}`;
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON, or nested too deeply to print: the text itself is as good.
    return text;
  }
}
