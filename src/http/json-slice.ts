// Finds the exact text of one field in a JSON object, so that numbers and key order reach receivers as they were written.

/** The text of the last top-level field called `name`, which is the one JSON.parse takes. `text` must be a valid JSON object. */
export function sliceField(text: string, name: string): string | null {
  let found: string | null = null;
  let at = skipSpace(text, 0) + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length || text[at] === "}") return found;
    const keyEnd = stringEnd(text, at);
    const key: unknown = JSON.parse(text.slice(at, keyEnd));
    const start = skipSpace(text, skipSpace(text, keyEnd) + ":".length);
    const end = valueEnd(text, start);
    if (key === name) found = text.slice(start, end);
    at = skipSpace(text, end);
    if (text[at] === ",") at += 1;
  }
}

/** Loops instead of a recursive descent or a regular expression: depth and length are the caller's choice. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const character = text[at]!;
    if (character === '"') {
      at = stringEnd(text, at);
    } else if (character === "{" || character === "[") {
      depth += 1;
      at += 1;
    } else if (character === "}" || character === "]") {
      depth -= 1;
      at += 1;
    } else if (depth === 0) {
      return scalarEnd(text, at);
    } else {
      at += 1;
    }
    if (depth === 0) return at;
  }
  return at;
}

/** Behind the closing quote of the string that starts at `at`. */
function stringEnd(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function scalarEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !",]} \t\r\n".includes(text[at]!)) at += 1;
  return at;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n".includes(text[at]!)) at += 1;
  return at;
}
