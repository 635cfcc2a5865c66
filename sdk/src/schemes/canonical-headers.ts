// Headers that a canonical request names itself.
import { headerPairs, type HeadersInput } from "../request.ts";

/** Every header by its lower-case name; null for one that is present more than once. */
export function headersByName(headers: HeadersInput): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>();
  for (const [name, value] of headerPairs(headers)) {
    const lower = name.toLowerCase();
    values.set(lower, values.has(lower) ? null : value);
  }
  return values;
}
