// The fields of a form, whether URL-encoded or multipart (RFC 7578), as Dropbox Sign sends its JSON.
import { utf8Text } from "./encoding.ts";
import { formFields, formOf } from "./form.ts";
import { limits } from "./limits.ts";

const BOUNDARY = /^--[^\r\n]{1,70}(?=\r\n)/;
const NAME = /^content-disposition:[ \t]*form-data;(?:.*;)?[ \t]*name="([^"\\\r\n]*)"/im;

/**
 * The fields of either kind of form in their order, or undefined when it is neither. A multipart body opens with its own
 * boundary, so its Content-Type is not needed; a URL-encoded one has no line break.
 */
export function anyFormFields(body: Uint8Array | string): [name: string, value: string][] | undefined {
  const text = utf8Text(body);
  const boundary = text === undefined ? undefined : BOUNDARY.exec(text)?.[0];
  if (text === undefined || boundary === undefined) return formFields(body);
  const parts = `\r\n${text}`.split(`\r\n${boundary}`, limits.formPartsMax);
  const fields: [string, string][] = [];
  for (const part of parts.slice(1)) {
    if (part.startsWith("--")) return fields;
    const headersEnd = part.indexOf("\r\n\r\n");
    const name = headersEnd < 0 ? undefined : NAME.exec(part.slice(0, headersEnd))?.[1];
    if (name === undefined || !part.startsWith("\r\n")) return undefined;
    fields.push([name, part.slice(headersEnd + 4)]);
  }
  // Without its last line the body was cut off.
  return undefined;
}

/**
 * The same form with another value for the field `name`, all else as it was given; undefined when the body is no form. A
 * value with a line break could hold the boundary, so callers give JSON, which has none.
 */
export function withFormField(body: Uint8Array | string, name: string, value: string): string | undefined {
  const text = utf8Text(body);
  const fields = anyFormFields(body);
  if (text === undefined || fields === undefined) return undefined;
  const boundary = BOUNDARY.exec(text)?.[0];
  if (boundary === undefined) {
    const pairs = text.split("&").map((pair) => (formFields(pair)?.[0]?.[0] === name ? formOf({ [name]: value }) : pair));
    return pairs.join("&");
  }
  const [before = "", ...parts] = `\r\n${text}`.split(`\r\n${boundary}`);
  const changed = parts.map((part, index) => (fields[index]?.[0] === name ? part.slice(0, part.indexOf("\r\n\r\n") + 4) + value : part));
  return [before, ...changed].join(`\r\n${boundary}`).slice(2);
}
