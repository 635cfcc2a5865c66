// The signed text of a form body: names sorted, each followed by its values, without separators (Twilio, Mandrill).
import { utf8Text } from "./encoding.ts";

/** The fields of a form body in their order, or undefined when it is not UTF-8 or has a broken percent-escape. */
export function formFields(body: Uint8Array | string): [name: string, value: string][] | undefined {
  const text = utf8Text(body);
  if (text === undefined) return undefined;
  const fields: [string, string][] = [];
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = unescape(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : unescape(pair.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    fields.push([name, value]);
  }
  return fields;
}

// URLSearchParams repairs what is broken, so that two bodies could have the same signed text.
function unescape(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** The header that says of a body that it is a form, for signers that make one of another body. */
export const formType = (): [name: string, value: string] => ["content-type", "application/x-www-form-urlencoded"];

/** A form with these fields, percent-escaped. */
export function formOf(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

/** The value of the field `name` when it is all there is in the form: another field would not be signed with it. */
export function onlyField(body: Uint8Array | string, name: string): string | undefined {
  const [field, ...others] = formFields(body) ?? [];
  return field?.[0] === name && others.length === 0 ? field[1] : undefined;
}

/** Names in the order of their code units; equal values of one name count once, as in Twilio's own library. */
export function sortedForm(body: Uint8Array | string): string | undefined {
  const fields = formFields(body);
  if (fields === undefined) return undefined;
  const byName = new Map<string, Set<string>>();
  for (const [name, value] of fields) byName.set(name, (byName.get(name) ?? new Set()).add(value));
  let text = "";
  for (const name of [...byName.keys()].toSorted()) {
    for (const value of [...(byName.get(name) ?? [])].toSorted()) text += name + value;
  }
  return text;
}
