// An event written as a CloudEvent 1.0 in the JSON event format, with its body in it byte for byte.
import { exactText, isJsonType } from "./cloudevents.ts";
import { encode, utf8 } from "./encoding.ts";
import { isRfc3339 } from "./event-time.ts";
import { jsonRoot } from "./json-spans.ts";
import { ConfigError } from "./result.ts";

export interface CloudEventInput {
  readonly id: string;
  /** A URI reference: who says so. */
  readonly source: string;
  readonly type: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly subject?: string;
  /** The Content-Type of the body; absent: unknown. */
  readonly dataContentType?: string;
  /** Without bytes the event has no data. */
  readonly body: Uint8Array;
  /** Names of lower-case letters and digits, at most 20; integers of 32 bits. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>;
}

const RESERVED = new Set(["id", "source", "specversion", "type", "time", "subject", "datacontenttype", "dataschema", "data"]);

/**
 * The event as a JSON document in UTF-8, to be sent as `application/cloudevents+json`. A JSON body becomes `data` as it
 * is, bytes unchanged; a text becomes a string, anything else `data_base64`. Throws ConfigError (with `path`) for an empty
 * id, source or type, a time that is not RFC 3339, and an extension that cannot be one.
 */
export function toCloudEvent(input: CloudEventInput): Uint8Array {
  const { id, source, type, time, subject, dataContentType, body, extensions = {} } = input;
  for (const [name, value] of Object.entries({ id, source, type }))
    if (typeof value !== "string" || value === "") throw new ConfigError(name, "must be a text of at least one character");
  if (time !== undefined && !isRfc3339(time)) throw new ConfigError("time", "must be a time of RFC 3339");
  for (const [name, value] of Object.entries(extensions)) assertExtension(name, value);
  const attributes = {
    specversion: "1.0",
    id,
    source,
    type,
    // Optional texts have at least one character.
    ...(time === undefined ? {} : { time }),
    ...(subject === undefined || subject === "" ? {} : { subject }),
    ...(dataContentType === undefined || dataContentType === "" ? {} : { datacontenttype: dataContentType }),
    ...extensions,
  };
  const head = JSON.stringify(attributes).slice(0, -1);
  if (body.length === 0) return utf8(`${head}}`);
  const data = dataMember(body, dataContentType ?? "");
  return typeof data === "string" ? utf8(`${head},${data}}`) : joined([utf8(`${head},"data":`), data, utf8("}")]);
}

function assertExtension(name: string, value: unknown): void {
  const path = `extensions.${name}`;
  if (!/^[a-z0-9]{1,20}$/.test(name) || RESERVED.has(name)) throw new ConfigError(path, "is not the name of an extension attribute");
  const isInteger = typeof value === "number" && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
  if (!isInteger && typeof value !== "string" && typeof value !== "boolean")
    throw new ConfigError(path, "must be a text, a 32-bit integer or a boolean");
}

/** The member with the data as JSON text, or the bytes that are the value of `data`. */
function dataMember(body: Uint8Array, contentType: string): string | Uint8Array {
  // Without a type, data in JSON means JSON (JSON event format, section 3.1.1).
  if (contentType === "" || isJsonType(contentType)) {
    if (exactText(body) !== undefined && jsonRoot(body) !== undefined) return body;
  } else if (isTextType(contentType)) {
    const text = exactText(body);
    if (text !== undefined) return `"data":${JSON.stringify(text)}`;
  }
  return `"data_base64":"${encode("base64", body)}"`;
}

// A text in another charset would be read as UTF-8 by whoever takes it out of the JSON.
function isTextType(contentType: string): boolean {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? "utf-8";
  const [essence = ""] = contentType.toLowerCase().split(";", 1);
  const isText = /^text\/|^application\/(?:.*\+)?xml$|^application\/(?:x-www-form-urlencoded|javascript|yaml)$/.test(essence.trim());
  return isText && ["utf-8", "utf8", "us-ascii"].includes(charset);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
