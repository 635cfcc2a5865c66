// Which headers a user may add to their deliveries, and which belong to the transport.

export type HeaderVerdict = { ok: true } | { ok: false; index: number; message: string };

const HEADERS_MAX = 64;
const NAME_BYTES_MAX = 256;
const VALUE_BYTES_MAX = 8 * 1024;

// These frame the message or the connection; a second opinion about them is how requests get smuggled.
const TRANSPORT_HEADERS = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
  "te",
  "trailer",
  "keep-alive",
  "expect",
  "http2-settings",
]);

// Names whose meaning the receiver takes on trust: where a request came from, or that a cloud may answer with credentials.
const REFUSED_HEADERS = new Set([
  "cookie",
  "cookie2",
  "forwarded",
  "via",
  "x-real-ip",
  "metadata",
  "metadata-flavor",
  "x-google-metadata-request",
  "x-metadata-token",
]);
const REFUSED_PREFIXES = ["proxy-", "webhook-", "posthorn-", "x-forwarded-", "x-aws-ec2-metadata-token"];

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible latin-1, space and tab: what HTTP/1.1 can carry. CR, LF and NUL would start a header of their own.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True for a header only the transport may write; `name` in any case. */
export function isTransportHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return TRANSPORT_HEADERS.has(lower) || lower.startsWith("proxy-");
}

function checkHeader(name: string, value: string): string | null {
  if (name === "") return "A header has no name.";
  if (name.length > NAME_BYTES_MAX) return `A header name is longer than ${NAME_BYTES_MAX} characters.`;
  if (!TOKEN.test(name)) return "A header name contains a character that is not allowed.";
  if (value.length > VALUE_BYTES_MAX) return `The value of "${name}" is longer than 8 KiB.`;
  if (!VALUE.test(value)) {
    return `The value of "${name}" contains a line break or a character outside Latin-1.`;
  }
  const lower = name.toLowerCase();
  if (TRANSPORT_HEADERS.has(lower)) return `"${name}" is set by Posthorn itself and cannot be changed.`;
  if (REFUSED_HEADERS.has(lower) || REFUSED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return `"${name}" is reserved and cannot be set on a destination.`;
  }
  return null;
}

/** Judges a user's own headers, when a destination is saved and again before they are sent. `index` is the first bad one. */
export function checkHeaders(headers: readonly (readonly [name: string, value: string])[]): HeaderVerdict {
  if (headers.length > HEADERS_MAX) {
    return { ok: false, index: HEADERS_MAX, message: `There are more than ${HEADERS_MAX} headers.` };
  }
  for (const [index, [name, value]] of headers.entries()) {
    const message = checkHeader(name, value);
    if (message !== null) return { ok: false, index, message };
  }
  return { ok: true };
}
