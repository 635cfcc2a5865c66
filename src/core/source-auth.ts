// The credential a source may ask for beside or instead of a signature, checked in constant time.
import { createHash, timingSafeEqual } from "node:crypto";
import type { SourceAuth } from "./source.ts";

export type AuthVerdict = "not_asked" | "right" | "missing" | "wrong" | "duplicate";

/** `headers` is the flat list as received. Two copies of the header are refused: two readers could see two values. */
export function checkSourceAuth(auth: SourceAuth, headers: readonly string[]): AuthVerdict {
  if (auth.kind === "none") return "not_asked";
  const name = auth.kind === "apiKey" ? auth.header.toLowerCase() : "authorization";
  let found: string | null = null;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() !== name) continue;
    if (found !== null) return "duplicate";
    found = headers[i + 1]!;
  }
  if (found === null) return "missing";
  return sameText(found.trim(), expectedValue(auth)) || sameScheme(auth, found) ? "right" : "wrong";
}

function expectedValue(auth: Exclude<SourceAuth, { kind: "none" }>): string {
  switch (auth.kind) {
    case "basic":
      return `Basic ${Buffer.from(`${auth.username}:${auth.password}`, "utf8").toString("base64")}`;
    case "bearer":
      return `Bearer ${auth.token}`;
    case "apiKey":
      return auth.value;
  }
}

/** The scheme's name is not case-sensitive (RFC 9110, 11.1); what follows it is. */
function sameScheme(auth: Exclude<SourceAuth, { kind: "none" }>, found: string): boolean {
  if (auth.kind === "apiKey") return false;
  const [scheme, ...rest] = found.trim().split(/\s+/);
  const [wantedScheme, wanted] = expectedValue(auth).split(" ") as [string, string];
  return scheme?.toLowerCase() === wantedScheme.toLowerCase() && sameText(rest.join(" "), wanted);
}

// Hashing first makes both sides the same length, which timingSafeEqual needs, and hides the length itself.
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a, "utf8").digest(), createHash("sha256").update(b, "utf8").digest());
}
