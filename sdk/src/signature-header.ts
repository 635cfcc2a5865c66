// Taking a signature header apart: one signature, a list of them, or key=value pairs with a timestamp.
import { decode, type Encoding } from "./encoding.ts";
import { limits } from "./limits.ts";
import type { Algorithm, Candidate } from "./plan.ts";
import type { SignatureRule } from "./provider.ts";
import { failure, type VerifyFailure } from "./result.ts";

export interface SignatureFormat {
  readonly rule: SignatureRule;
  readonly encoding: Encoding;
  readonly algorithm: Algorithm;
  /** Length of the decoded signature. */
  readonly bytes: number;
}

export interface ParsedSignatures {
  readonly ok: true;
  readonly candidates: readonly Candidate[];
  /** From the `tsKey` of a kv header, or the start of a csv header. */
  readonly timestamp: string | undefined;
}

/** Parses `value`; the failure is `malformed_signature`, `unknown_signature_version` or `malformed_timestamp`. */
export function parseSignatures(value: string, format: SignatureFormat): ParsedSignatures | VerifyFailure {
  switch (format.rule.parse ?? "raw") {
    case "raw":
      return parseRaw(value, format);
    case "list":
      return parseList(value, format);
    case "kv":
      return parsePairs(value, format);
    case "csv":
      return parsePositions(value, format);
  }
}

/** The sets of a header with `setSep`, each parsed alone; the failure is that of the first when none can be read. */
export function parseSignatureSets(value: string, separator: string, format: SignatureFormat): ParsedSignatures[] | VerifyFailure {
  const sets: ParsedSignatures[] = [];
  let failed: VerifyFailure | undefined;
  for (let from = 0, end = 0; from <= value.length && sets.length < limits.signaturesMax; from = end + separator.length) {
    end = itemEnd(value, separator, from);
    if (end === from) continue;
    const parsed = parsePairs(value.slice(from, end), format);
    if (parsed.ok) sets.push(parsed);
    else failed ??= parsed;
  }
  return sets.length > 0 ? sets : (failed ?? malformed(format));
}

function parsePositions(value: string, format: SignatureFormat): ParsedSignatures | VerifyFailure {
  const { sep = "," } = format.rule;
  const first = itemEnd(value, sep, 0);
  const candidates: Candidate[] = [];
  let known = 0;
  for (let from = first + sep.length, end = 0; from <= value.length && known < limits.signaturesMax; from = end + sep.length) {
    end = itemEnd(value, sep, from);
    from = skipSpaces(value, from, end);
    known++;
    const candidate = candidateOf(value, from, end, format);
    if (candidate !== undefined) candidates.push(candidate);
  }
  return candidates.length > 0 ? { ok: true, candidates, timestamp: value.slice(0, first) } : malformed(format);
}

function candidateOf(text: string, from: number, to: number, format: SignatureFormat): Candidate | undefined {
  const bytes = decode(format.encoding, text, from, to);
  return bytes !== undefined && bytes.length === format.bytes ? { algorithm: format.algorithm, bytes } : undefined;
}

function malformed(format: SignatureFormat): VerifyFailure {
  const prefix = format.rule.prefix;
  const before = prefix === undefined || prefix === "" ? "" : ` after "${prefix}"`;
  return failure(
    "malformed_signature",
    `The signature ${placeOf(format.rule)} does not hold ${format.bytes} bytes in ${format.encoding}${before}.`,
  );
}

function placeOf({ header, query }: SignatureRule): string {
  return query === undefined ? `header ${header[0]}` : `in the query parameter ${query}`;
}

function unknownVersion(format: SignatureFormat, known: string): VerifyFailure {
  return failure("unknown_signature_version", `The header ${format.rule.header[0]} holds no signature of the version "${known}".`);
}

function parseRaw(value: string, format: SignatureFormat): ParsedSignatures | VerifyFailure {
  const prefix = format.rule.prefix ?? "";
  const candidate = value.startsWith(prefix) ? candidateOf(value, prefix.length, value.length, format) : undefined;
  return candidate === undefined ? malformed(format) : { ok: true, candidates: [candidate], timestamp: undefined };
}

function parseList(value: string, format: SignatureFormat): ParsedSignatures | VerifyFailure {
  const { prefix = "", sep = ",", labelEnd } = format.rule;
  const candidates: Candidate[] = [];
  let known = 0;
  for (let from = 0, end = 0; from <= value.length && known < limits.signaturesMax; from = end + sep.length) {
    end = itemEnd(value, sep, from);
    from = skipSpaces(value, from, end);
    const start = labelEnd === undefined ? from : afterLabel(value, labelEnd, from, end);
    if (start === undefined || !value.startsWith(prefix, start)) continue;
    known++;
    const candidate = candidateOf(value, start + prefix.length, end, format);
    if (candidate !== undefined) candidates.push(candidate);
  }
  if (candidates.length > 0) return { ok: true, candidates, timestamp: undefined };
  return known > 0 ? malformed(format) : unknownVersion(format, labelEnd ?? prefix);
}

function parsePairs(value: string, format: SignatureFormat): ParsedSignatures | VerifyFailure {
  const { sigKey = "v1", tsKey, sep = "," } = format.rule;
  const candidates: Candidate[] = [];
  let known = 0;
  let others = 0;
  let timestamp: string | undefined;
  for (let from = 0, end = 0; from <= value.length; from = end + sep.length) {
    end = itemEnd(value, sep, from);
    from = skipSpaces(value, from, end);
    if (isPair(value, sigKey, from)) {
      if (++known > limits.signaturesMax) continue;
      const candidate = candidateOf(value, from + sigKey.length + 1, end, format);
      if (candidate !== undefined) candidates.push(candidate);
    } else if (tsKey !== undefined && isPair(value, tsKey, from)) {
      // Two timestamps would let the one that is checked differ from the one that somebody else reads.
      if (timestamp !== undefined)
        return failure("malformed_signature", `The header ${format.rule.header[0]} holds ${tsKey}= more than once.`);
      timestamp = value.slice(from + tsKey.length + 1, end);
    } else if (value.slice(from, end).includes("=")) {
      others++;
    }
  }
  if (candidates.length > 0) return { ok: true, candidates, timestamp };
  return known === 0 && others > 0 ? unknownVersion(format, `${sigKey}=`) : malformed(format);
}

/** The value of the one pair with this key in a header of pairs split at commas; undefined where there is none or several. */
export function onlyPair(value: string, key: string): string | undefined {
  let found: string | undefined;
  for (let from = 0, end = 0; from <= value.length; from = end + 1) {
    end = itemEnd(value, ",", from);
    from = skipSpaces(value, from, end);
    if (!isPair(value, key, from)) continue;
    if (found !== undefined) return undefined;
    found = value.slice(from + key.length + 1, end);
  }
  return found;
}

// An item without the label, or with that of another hash, has none.
function afterLabel(value: string, labelEnd: string, from: number, end: number): number | undefined {
  const at = value.indexOf(labelEnd, from);
  return at < 0 || at + labelEnd.length > end ? undefined : at + labelEnd.length;
}

/** Where the item that starts at `from` ends. */
export function itemEnd(value: string, separator: string, from: number): number {
  const at = value.indexOf(separator, from);
  return at < 0 ? value.length : at;
}

// A list may be written with a space after each comma; spaces anywhere else are part of the item and spoil it.
function skipSpaces(value: string, from: number, end: number): number {
  let start = from;
  while (start < end && value.charCodeAt(start) === 0x20) start++;
  return start;
}

function isPair(value: string, key: string, from: number): boolean {
  return value.startsWith(key, from) && value.charCodeAt(from + key.length) === 0x3d;
}
