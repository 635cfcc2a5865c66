// Reads a captured webhook from what people have at hand: raw HTTP text, JSON, or headers and a body file.
import { usageError } from "./exit.ts";

export interface CapturedRequest {
  method: string;
  url: string;
  /** Flat list: name, value, name, value, in the order given. */
  headers: string[];
  body: Uint8Array;
  /** What was guessed while reading, for the person to check. */
  notes: string[];
}

/** The bytes of a `--request` file. JSON is told from raw HTTP by its first character. */
export function readCapturedRequest(bytes: Uint8Array): CapturedRequest {
  const start = bytes.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  if (start === -1) throw usageError("The captured request is empty.");
  return bytes[start] === 0x7b ? readJson(bytes) : readRaw(bytes);
}

/** `Name: value` as typed on the command line. */
export function readHeaderLine(line: string): [string, string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s.exec(line);
  if (match === null) throw usageError(`${JSON.stringify(line)} is no header line. Write it as "Name: value".`);
  return [match[1]!, match[2]!];
}

function readJson(bytes: Uint8Array): CapturedRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw usageError(`The captured request starts like JSON and is not: ${error instanceof Error ? error.message : ""}`);
  }
  // A record from `posthorn requests get --json` is taken as it is.
  const outer = parsed as { request?: unknown };
  const given = (typeof outer.request === "object" && outer.request !== null ? { ...outer, ...outer.request } : outer) as Record<
    string,
    unknown
  >;
  const { method, url, path, headers } = given;
  const target = typeof url === "string" ? url : typeof path === "string" ? path : "/";
  return { method: typeof method === "string" ? method : "POST", url: target, headers: flatHeaders(headers), ...jsonBody(given) };
}

function jsonBody({ body, bodyBase64, bodyEncoding }: Record<string, unknown>): { body: Uint8Array; notes: string[] } {
  const base64 = bodyBase64 ?? (bodyEncoding === "base64" ? body : undefined);
  if (base64 !== undefined) {
    if (typeof base64 !== "string" || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)) throw usageError("The captured body is not base64.");
    return { body: new Uint8Array(Buffer.from(base64, "base64")), notes: [] };
  }
  if (typeof body === "string") return { body: new Uint8Array(Buffer.from(body, "utf8")), notes: [] };
  if (body === undefined || body === null) return { body: new Uint8Array(), notes: [] };
  // The bytes that were signed are gone; the compact form is the likeliest guess at them.
  return {
    body: new Uint8Array(Buffer.from(JSON.stringify(body), "utf8")),
    notes: [
      "The capture holds the body as parsed JSON, not as the bytes received, so a mismatch may come from the capture itself. Give body as text, or bodyBase64.",
    ],
  };
}

function flatHeaders(headers: unknown): string[] {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers)) return headers.flatMap((item: unknown) => headerPair(item));
  if (typeof headers === "object")
    return Object.entries(headers).flatMap(([name, value]: [string, unknown]) =>
      (Array.isArray(value) ? value : [value]).flatMap((each: unknown) => [name, scalar(each)]),
    );
  throw usageError("headers must be an object, or a list of names and values.");
}

/** One element of a header list: a flat list's text, a pair, or `{name, value}`. */
function headerPair(item: unknown): string[] {
  if (typeof item === "string") return [item];
  if (Array.isArray(item) && item.length === 2) return item.map(scalar);
  if (typeof item === "object" && item !== null && "name" in item && "value" in item) return [scalar(item.name), scalar(item.value)];
  throw usageError("A list of headers holds names and values in turn, [name, value] pairs, or {name, value} objects.");
}

function scalar(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw usageError("A header's value must be text.");
}

const REQUEST_LINE = /^([A-Z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/;

function readRaw(bytes: Uint8Array): CapturedRequest {
  const { lines, body } = splitHead(bytes);
  const notes: string[] = [];
  const requestLine = REQUEST_LINE.exec(lines[0] ?? "");
  const headerLines = requestLine === null ? lines : lines.slice(1);
  const headers = headerLines.flatMap((line) => readHeaderLine(line));
  const host = headers[headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "host") + 1];
  const target = requestLine?.[2] ?? "/";
  const url =
    target.startsWith("/") && host !== undefined && headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === "host")
      ? `https://${host}${target}`
      : target;
  return { method: requestLine?.[1] ?? "POST", url, headers, body: trimToLength(body, headers, notes), notes };
}

/** Up to the first empty line is the head, in whatever line ends the capture has. The body's bytes stay untouched. */
function splitHead(bytes: Uint8Array): { lines: string[]; body: Uint8Array } {
  const lines: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(0x0a, at);
    const stop = end === -1 ? bytes.length : end;
    const line = Buffer.from(bytes.subarray(at, stop)).toString("latin1").replace(/\r$/, "");
    at = stop + 1;
    if (line === "" && lines.length > 0) break;
    if (line !== "") lines.push(line);
  }
  return { lines, body: bytes.subarray(Math.min(at, bytes.length)) };
}

/** Editors add a line break at the end of a file; Content-Length tells whether it belongs to the body. */
function trimToLength(body: Uint8Array, headers: string[], notes: string[]): Uint8Array {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-length");
  const declared = at === -1 ? null : /^\d{1,12}$/.test(headers[at + 1] ?? "") ? Number(headers[at + 1]) : null;
  if (declared === null || declared === body.length) return body;
  const rest = Buffer.from(body.subarray(declared)).toString("latin1");
  if (declared < body.length && /^[\r\n]+$/.test(rest)) return body.subarray(0, declared);
  notes.push(`Content-Length says ${declared} bytes and the capture's body has ${body.length}, so the capture differs from what was sent.`);
  return body;
}
