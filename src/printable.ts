// Makes text from outside safe to show: no escape sequence, line break or direction mark of a webhook acts on a reader's screen.

// C0 and C1 controls, soft hyphen, bidi marks and overrides, zero-width and other invisible characters, separators, tags.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const UNSAFE_IN_BLOCK = new RegExp(`(?![\\n\\t])(?:${UNSAFE.source})`, "gu");
const RAW_IN_JSON = new RegExp(`(?![\\u0000-\\u001f])(?:${UNSAFE.source})`, "gu");

/** One line: every unsafe character stands as a visible escape, `\n` and `\t` too. */
export function printable(text: string): string {
  return text.replace(UNSAFE, visibleEscape);
}

/** Several lines: line breaks and tabs stay. */
export function printableBlock(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNSAFE_IN_BLOCK, visibleEscape);
}

/** Finished JSON: inside its strings the escapes stand for the same characters, so it parses to the same value. */
export function printableJson(json: string): string {
  return json.replace(RAW_IN_JSON, (character) =>
    Array.from({ length: character.length }, (_, unit) => unicodeEscape(character.charCodeAt(unit))).join(""),
  );
}

function visibleEscape(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default: {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
      return code > 0xffff ? `\\u{${code.toString(16)}}` : unicodeEscape(code);
    }
  }
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
