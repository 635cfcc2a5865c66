// Opaque cursors: what a list handed out comes back unchanged to the same list, or is refused.
import { createHash } from "node:crypto";
import { ProblemError } from "../errors.ts";
import type { Page } from "../store/store.ts";

// A few characters that tell a cursor of ours from a typing mistake; they protect nothing and need no secret.
const CHECK_CHARACTERS = 4;

function encodeCursor(list: string, cursor: string | null): string | null {
  return cursor === null ? null : Buffer.from(cursor, "utf8").toString("base64url") + checkOf(list, cursor);
}

export function decodeCursor(list: string, cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor.slice(0, -CHECK_CHARACTERS), "base64url").toString("utf8");
  if (cursor.length <= CHECK_CHARACTERS || encodeCursor(list, text) !== cursor) throw new ProblemError("invalid_cursor");
  return text;
}

/** One page of the store as an answer body. */
export function pageBody<T, V>(list: string, page: Page<T>, view: (item: T) => V): { data: V[]; nextCursor: string | null } {
  return { data: page.data.map(view), nextCursor: encodeCursor(list, page.nextCursor) };
}

/** One page of a list that is in memory, in the order of its ids. */
export function pageOfList<T extends { id: string }, V>(
  list: string,
  items: readonly T[],
  query: { limit: number; cursor?: string | undefined },
  view: (item: T) => V,
): { data: V[]; nextCursor: string | null } {
  const after = decodeCursor(list, query.cursor);
  const rest = after === null ? items : items.filter((item) => item.id > after);
  const data = rest.slice(0, query.limit);
  const last = data.at(-1);
  return pageBody(list, { data, nextCursor: rest.length > data.length && last !== undefined ? last.id : null }, view);
}

function checkOf(list: string, cursor: string): string {
  return createHash("sha256").update(`${list}:${cursor}`).digest("base64url").slice(0, CHECK_CHARACTERS);
}
