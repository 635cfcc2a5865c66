// The second look of diagnose(): hints that need the URL, the token or the owner's other secrets, after the usual mistakes were ruled out.
import { isKeyCause, keyHints, type KeyHint, otherSecretHints, type OtherSecret } from "./diagnose-key.ts";
import { type Attempts, type UrlHint, urlHints } from "./diagnose-url.ts";
import type { VerifyCause } from "./result.ts";

/**
 * The given hints with those of the second look. `wrong_secret` says that nothing fits, so a hint that makes it fit
 * takes its place. Never throws, and resolves at once where nothing has to be tried.
 */
export async function withMoreHints<Hint extends { readonly code: string; readonly message: string }>(
  hints: readonly Hint[],
  cause: VerifyCause,
  subject: Attempts,
  otherSecrets: readonly OtherSecret[],
): Promise<(Hint | KeyHint | UrlHint)[]> {
  if (isKeyCause(cause)) return [...hints, ...keyHints(cause, subject)];
  if (!hints.some(({ code }) => code === "wrong_secret")) return [...hints];
  const fitting: (KeyHint | UrlHint)[] = await urlHints(subject);
  if (fitting.length === 0) fitting.push(...(await otherSecretHints(subject, otherSecrets)));
  return fitting.length === 0 ? [...hints] : [...hints.filter(({ code }) => code !== "wrong_secret"), ...fitting];
}
