// The fields of a form, whether URL-encoded or multipart (RFC 7578), as Dropbox Sign sends its JSON.
import { utf8Text } from "./encoding.ts";
import { formFields } from "./form.ts";
import { limits } from "./limits.ts";

const NAME = /^content-disposition:[ \t]*form-data;(?:.*;)?[ \t]*name="([^"\\\r\n]*)"/im;

/**
 * The fields of either kind of form in their order, or undefined when it is neither. A multipart body opens with its own
 * boundary, so its Content-Type is not needed; a URL-encoded one has no line break.
 */
export function anyFormFields(body: Uint8Array | string): [name: string, value: string][] | undefined {
  const text = utf8Text(body);
  const boundary = text === undefined ? undefined : /^--[^\r\n]{1,70}(?=\r\n)/.exec(text)?.[0];
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
