// AWS Signature Version 4 over one request, in headers. Pure: the time is passed in.
import { createHash, createHmac } from "node:crypto";

export interface AwsCredentials {
  region: string;
  service: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials; null for lasting ones. */
  sessionToken: string | null;
}

export interface AwsRequest {
  method: string;
  /** Absolute, as it goes over the wire. */
  url: string;
  /** Headers to sign beside `host` and ours: pairs, names in any case, duplicates in wire order. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
  /** Ms since the Unix epoch. */
  nowMs: number;
}

export interface AwsSigner {
  /** The headers to add, `authorization` last. */
  sign(request: AwsRequest): [name: string, value: string][];
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/**
 * `contentHash` adds `x-amz-content-sha256`, which S3 demands and the others accept.
 * Paths are encoded twice except for S3, as AWS documents it.
 */
export function createAwsSigner(credentials: AwsCredentials, { contentHash = true }: { contentHash?: boolean } = {}): AwsSigner {
  const { region, service, accessKeyId, secretAccessKey, sessionToken } = credentials;
  // Four HMACs make the key of a day; they are the same for every request of that day.
  let keyDay = "";
  let key: Uint8Array = new Uint8Array(0);
  function keyOf(day: string): Uint8Array {
    if (day !== keyDay) {
      keyDay = day;
      key = [day, region, service, "aws4_request"].reduce<Uint8Array>(hmac, Buffer.from(`AWS4${secretAccessKey}`, "utf8"));
    }
    return key;
  }

  return {
    sign({ method, url, headers, body, nowMs }) {
      const { host, pathname, search } = new URL(url);
      const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
      const day = stamp.slice(0, 8);
      const bodyHash = sha256(body);
      const added: [string, string][] = [["x-amz-date", stamp]];
      if (contentHash) added.push(["x-amz-content-sha256", bodyHash]);
      if (sessionToken !== null) added.push(["x-amz-security-token", sessionToken]);
      const canonical = canonicalHeaders([["host", host], ...headers, ...added]);
      const path = service === "s3" ? encodeOnce(pathname) : encodeTwice(pathname);
      const request = [method, path, canonicalQuery(search), canonical.text, canonical.names, bodyHash].join("\n");
      const scope = `${day}/${region}/${service}/aws4_request`;
      const toSign = [ALGORITHM, stamp, scope, sha256(Buffer.from(request, "utf8"))].join("\n");
      const signature = Buffer.from(hmac(keyOf(day), toSign)).toString("hex");
      const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${canonical.names}, Signature=${signature}`;
      return [...added, ["authorization", authorization]];
    },
  };
}

function canonicalHeaders(headers: readonly (readonly [string, string])[]): { text: string; names: string } {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const cleaned = value.trim().replaceAll(/[ \t]+/g, " ");
    const known = values.get(lower);
    if (known === undefined) values.set(lower, [cleaned]);
    else known.push(cleaned);
  }
  const names = [...values.keys()].toSorted();
  return { text: names.map((name) => `${name}:${values.get(name)!.join(",")}\n`).join(""), names: names.join(";") };
}

/** A plus stands for a space, as in forms: whoever sends the request writes `%20` so that nobody reads it otherwise. */
function canonicalQuery(search: string): string {
  if (search.length <= 1) return "";
  const pairs = search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair): [string, string] => {
      const at = pair.indexOf("=");
      const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      return [encode(decode(name.replaceAll("+", " "))), encode(decode(value.replaceAll("+", " ")))];
    });
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

/** The names of objects in S3 may hold anything, so their path is neither collapsed nor encoded again. */
function encodeOnce(path: string): string {
  return path
    .split("/")
    .map((segment) => encode(decode(segment)))
    .join("/");
}

/** `path` is encoded as the wire has it; dot segments are gone from it already. */
function encodeTwice(path: string): string {
  return path
    .replaceAll(/\/{2,}/g, "/")
    .split("/")
    .map(encode)
    .join("/");
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text, "utf8").digest();
}
