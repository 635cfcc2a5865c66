// Times, headers and bodies as the API writes them.

export function timeView(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeViewOrNull(ms: number | null): string | null {
  return ms === null ? null : timeView(ms);
}

/** A flat list as pairs. */
export function headerPairsView(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!]);
  return pairs;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text only where it gives the same bytes back. Never parsed: what is shown is what came. */
export function bodyView(body: Uint8Array): { body: string; bodyEncoding: "utf8" | "base64" } {
  try {
    return { body: utf8.decode(body), bodyEncoding: "utf8" };
  } catch {
    return { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"), bodyEncoding: "base64" };
  }
}
