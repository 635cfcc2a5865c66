// The template of signed content, compiled once: `{ts}.{body}` becomes a list of parts, and no request parses text.
import { onlyField, sortedForm } from "./form.ts";
import type { Content } from "./plan.ts";
import type { Params } from "./provider.ts";
import type { HeaderReader, HeaderValues, WebhookRequest } from "./request.ts";
import { ConfigError, failure, type VerifyFailure } from "./result.ts";

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "body" }
  | { readonly kind: "ts" }
  | { readonly kind: "method" }
  | { readonly kind: "url" }
  | { readonly kind: "form" }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "header"; readonly names: readonly string[]; readonly slots: readonly number[] };

export interface Template {
  readonly usesTimestamp: boolean;
  readonly usesBody: boolean;
  readonly usesUrl: boolean;
  readonly usesMethod: boolean;
  /** Names of headers that are part of the signed content, each with its alternatives. */
  readonly headers: readonly (readonly string[])[];
  /** The names of `{form:x}`. */
  readonly fields: readonly string[];
  /** The names of `{param:x}`. */
  readonly params: readonly string[];
  render(request: RenderRequest, values: HeaderValues, timestamp: string): Content | VerifyFailure;
}

type RenderRequest = Pick<WebhookRequest, "method" | "url" | "body">;

const PLACEHOLDERS = "{body} {ts} {method} {url} {form} {form:name} {header:name} {param:name}";

/** Throws ConfigError at `path` for a placeholder that does not exist, and at `params.x` for an absent parameter. */
export function compileTemplate(text: string, path: string, params: Params, reader: HeaderReader): Template {
  const paramNames: string[] = [];
  const parts: Part[] = [];
  for (const piece of splitPlaceholders(text, path)) {
    const part = compilePart(piece, path, params, paramNames, reader);
    const last = parts.at(-1);
    // Neighbouring texts become one, so that a request joins as few strings as possible.
    if (part.kind === "text" && last?.kind === "text") parts[parts.length - 1] = { kind: "text", text: last.text + part.text };
    else parts.push(part);
  }
  const bodyOnly = parts.length === 1 && parts[0]?.kind === "body";
  return {
    usesTimestamp: parts.some((part) => part.kind === "ts"),
    usesBody: parts.some((part) => part.kind === "body" || part.kind === "form" || part.kind === "field"),
    usesUrl: parts.some((part) => part.kind === "url"),
    usesMethod: parts.some((part) => part.kind === "method"),
    headers: parts.flatMap((part) => (part.kind === "header" ? [part.names] : [])),
    fields: parts.flatMap((part) => (part.kind === "field" ? [part.name] : [])),
    params: paramNames,
    render: bodyOnly ? (request) => [request.body] : (request, values, timestamp) => render(parts, request, values, timestamp),
  };
}

interface Piece {
  readonly placeholder: boolean;
  readonly text: string;
}

function splitPlaceholders(text: string, path: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  while (from < text.length) {
    const open = text.indexOf("{", from);
    const literal = text.slice(from, open < 0 ? text.length : open);
    if (literal.includes("}")) throw new ConfigError(path, `has a "}" without a "{" before it; placeholders are ${PLACEHOLDERS}`);
    if (literal !== "") pieces.push({ placeholder: false, text: literal });
    if (open < 0) break;
    const close = text.indexOf("}", open);
    if (close < 0) throw new ConfigError(path, `has a "{" without a "}" after it; placeholders are ${PLACEHOLDERS}`);
    pieces.push({ placeholder: true, text: text.slice(open + 1, close) });
    from = close + 1;
  }
  if (pieces.length === 0) throw new ConfigError(path, "is empty: it must say which bytes are signed, for example {body}");
  return pieces;
}

function compilePart(piece: Piece, path: string, params: Params, paramNames: string[], reader: HeaderReader): Part {
  if (!piece.placeholder) return { kind: "text", text: piece.text };
  switch (piece.text) {
    case "body":
    case "ts":
    case "method":
    case "url":
    case "form":
      return { kind: piece.text };
  }
  if (piece.text.startsWith("form:")) return { kind: "field", name: piece.text.slice("form:".length) };
  if (piece.text.startsWith("header:")) {
    const names = piece.text.slice("header:".length).toLowerCase().split("|");
    for (const name of names) assertHeaderName(name, path);
    return { kind: "header", names, slots: names.map((name) => reader.slot(name)) };
  }
  if (piece.text.startsWith("param:")) {
    const name = piece.text.slice("param:".length);
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value === undefined) throw new ConfigError(`params.${name}`, `is needed: ${path} is made with {param:${name}}`);
    paramNames.push(name);
    return { kind: "text", text: String(value) };
  }
  throw new ConfigError(path, `has the unknown placeholder {${piece.text}}; placeholders are ${PLACEHOLDERS}`);
}

/** Throws ConfigError unless `name` is a header name of RFC 9110. */
export function assertHeaderName(name: string, path: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/i.test(name)) throw new ConfigError(path, `"${name}" is not a header name`);
}

function render(parts: readonly Part[], request: RenderRequest, values: HeaderValues, timestamp: string): Content | VerifyFailure {
  const content: (string | Uint8Array)[] = [];
  let text = "";
  for (const part of parts) {
    switch (part.kind) {
      case "text":
        text += part.text;
        break;
      case "ts":
        text += timestamp;
        break;
      case "method":
      case "url": {
        const value = request[part.kind];
        if (typeof value !== "string")
          return failure("malformed_request", `This provider signs the ${part.kind} of the request: pass it to verify.`);
        text += value;
        break;
      }
      case "header": {
        const value = firstValue(values, part.slots);
        if (value === undefined)
          return failure("missing_header", `The header ${part.names.join(" or ")} is missing; it is part of what is signed.`);
        if (value === null) return failure("duplicate_header", `The header ${part.names.join(" or ")} is present more than once.`);
        text += value;
        break;
      }
      case "form": {
        const form = sortedForm(request.body);
        if (form === undefined) return failure("signature_mismatch", "The body is no form, so it is not what was signed.");
        text += form;
        break;
      }
      case "field": {
        const value = onlyField(request.body, part.name);
        if (value === undefined) return failure("malformed_request", `The body is no form with the field ${part.name} alone.`);
        text += value;
        break;
      }
      case "body":
        if (text !== "") content.push(text);
        text = "";
        content.push(request.body);
        break;
    }
  }
  if (text !== "") content.push(text);
  return content;
}

/** The value of the first slot that is present at all: undefined is absent, null is present more than once. */
export function firstValue(values: HeaderValues, slots: readonly number[]): string | null | undefined {
  for (const slot of slots) {
    const value = values[slot];
    if (value !== undefined) return value;
  }
  return undefined;
}
