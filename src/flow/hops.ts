// Loop protection: how often an event has been passed on by a Posthorn, counted in a header.
import type { RequestHead } from "../core/event.ts";

export const HOPS_HEADER = "posthorn-hops";

// Two in a row have a use, such as an edge and a centre; a fourth would be a circle.
export const HOPS_MAX = 3;

/** How often the request had been passed on when it came in. The highest count wins; what is no count is none. */
export function hopsOf({ headers }: RequestHead): number {
  let hops = 0;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length !== HOPS_HEADER.length || name.toLowerCase() !== HOPS_HEADER) continue;
    const value = headers[i + 1]!;
    if (/^\d{1,9}$/.test(value)) hops = Math.max(hops, Number(value));
  }
  return hops;
}
