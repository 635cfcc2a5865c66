// A verified event as a handler gets it: the exact bytes, and what is read out of them only when somebody asks.
import { utf8Text } from "../encoding.ts";
import type { Provider } from "../provider.ts";

export interface WebhookEvent {
  /** Stable over redeliveries of the same event, where the provider has such an id: the key to handle each event once. */
  readonly id: string | undefined;
  readonly type: string | undefined;
  /** When the request was signed, by the sender's clock; undefined where the scheme signs no time. */
  readonly timestamp: Date | undefined;
  /** Id of the provider. */
  readonly provider: string;
  /** By lower-case name; values of a repeated header are joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes received. A compressed body is left compressed, because that is what was signed. */
  readonly body: Uint8Array;
  /** The body as UTF-8 text. Throws a TypeError when it is none. */
  text(): string;
  /** The body as JSON, parsed at the first call. Throws a SyntaxError when it is none. */
  json(): unknown;
}

export interface EventParts {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly timestamp: Date | undefined;
  readonly provider: Provider;
  readonly pairs: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export function createEvent({ id, type, timestamp, provider, pairs, body }: EventParts): WebhookEvent {
  let parsed: { value: unknown } | undefined;
  const text = (): string => {
    const decoded = utf8Text(body);
    if (decoded === undefined) throw new TypeError("The body of this event is not UTF-8 text; read its bytes from `body`.");
    return decoded;
  };
  return {
    id,
    type,
    timestamp,
    provider: provider.id,
    headers: headerRecord(pairs),
    body,
    text,
    json: () => (parsed ??= { value: JSON.parse(text()) }).value,
  };
}

// fromEntries defines own keys, so a header named __proto__ is a value like any other.
function headerRecord(pairs: EventParts["pairs"]): Record<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    const before = values.get(lower);
    values.set(lower, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(values);
}
