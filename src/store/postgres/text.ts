// Text that PostgreSQL refuses, U+0000 and halves of surrogate pairs, kept by an escape that is undone on the way back.

// SUBSTITUTE hardly occurs anywhere: JSON escapes it, HTTP forbids it in headers. Where it does, it is escaped itself, so that no two texts become one.
const ESCAPE = "\u001a";
const REFUSED = /[\0\u001a]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPED = /\u001a([0-9a-f]{4})/g;

/** The same text for equal texts, another for others: comparing what is kept compares what was given. */
export function keepable(text: string): string {
  if (text.isWellFormed() && !text.includes("\0") && !text.includes(ESCAPE)) return text;
  return text.replace(REFUSED, (unit) => ESCAPE + unit.charCodeAt(0).toString(16).padStart(4, "0"));
}

export function restored(text: string): string {
  return text.includes(ESCAPE) ? text.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))) : text;
}
