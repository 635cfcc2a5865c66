// The headers that are part of what is signed, as the signer writes them.
import type { SignRequest } from "../plan.ts";
import type { HeaderReader } from "../request.ts";
import { ConfigError } from "../result.ts";
import { firstValue, type Template } from "../template.ts";

interface Signing {
  readonly template: Template;
  readonly reader: HeaderReader;
  readonly request: SignRequest;
  /** Whether the provider puts the id of the event into the header of this name. */
  readonly isId: (name: string) => boolean;
}

/** The caller's own, or else the id of the event where it belongs. Throws ConfigError for a header that is neither. */
export function signedHeaders({ template, reader, request, isId }: Signing): [name: string, value: string][] {
  const values = request.headers === undefined ? [] : reader.read(request.headers);
  return template.headers.map((names) => {
    const name = names[0] ?? "";
    const given = firstValue(
      values,
      names.map((each) => reader.slot(each)),
    );
    const value = given ?? (isId(name) ? request.id : undefined);
    if (value === undefined) throw new ConfigError(`headers.${name}`, "is part of what is signed, so it must be given");
    if (!/^[\x20-\x7e]*$/.test(value)) throw new ConfigError(`headers.${name}`, "must be printable ASCII");
    return [name, value];
  });
}
