// The request as the verifier takes it, and one pass over its headers that notices duplicates.

/**
 * Headers in any shape a runtime hands out: a record, a Fetch `Headers`, an array of pairs, or Node's flat
 * `rawHeaders`. Prefer `rawHeaders`: the other shapes may already have joined or dropped duplicates.
 */
export type HeadersInput =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | FetchHeaders
  | readonly (readonly [string, string])[]
  | readonly string[];

export interface WebhookRequest {
  /** Upper case, as on the wire. Needed only by schemes that sign it. */
  readonly method?: string;
  /** The full public URL as registered at the provider. Needed only by schemes that sign it or put a token in it. */
  readonly url?: string;
  readonly headers: HeadersInput;
  /** The exact bytes received; a string is taken as UTF-8. Never a parsed and re-serialised object. */
  readonly body: Uint8Array | string;
}

/** The value of each wanted header: undefined is absent, null is present more than once. */
export type HeaderValues = readonly (string | null | undefined)[];

/** Reads a fixed set of headers; the set is compiled once, so that most names are skipped by their length alone. */
export interface HeaderReader {
  /** The position of `name` in what `read` returns; adds it while the scheme is being compiled. */
  slot(name: string): number;
  read(headers: HeadersInput): HeaderValues;
}

/** The part of the Fetch API's `Headers` that is used, so that the types do not need the DOM. */
export interface FetchHeaders {
  get(name: string): string | null;
  forEach(visit: (value: string, name: string) => void): void;
}

type Values = (string | null | undefined)[];

export function headerReader(): HeaderReader {
  const names: string[] = [];
  const slotsByLength: (number[] | undefined)[] = [];

  function slot(name: string): number {
    const lower = name.toLowerCase();
    const known = names.indexOf(lower);
    if (known >= 0) return known;
    const index = names.push(lower) - 1;
    (slotsByLength[lower.length] ??= []).push(index);
    return index;
  }

  function put(values: Values, name: string, value: unknown): void {
    const slots = slotsByLength[name.length];
    if (slots === undefined) return;
    for (const index of slots) {
      if (name === names[index] || name.toLowerCase() === names[index]) {
        if (typeof value === "string") values[index] = values[index] === undefined ? value : null;
        return;
      }
    }
  }

  function read(headers: HeadersInput): HeaderValues {
    const values: Values = [];
    for (let index = 0; index < names.length; index++) values.push(undefined);
    visitHeaders(headers, names, (name, value) => put(values, name, value));
    return values;
  }

  return { slot, read };
}

function visitHeaders(headers: HeadersInput, wanted: readonly string[], visit: (name: string, value: unknown) => void): void {
  if (Array.isArray(headers)) {
    visitList(headers, visit);
  } else if (isFetchHeaders(headers)) {
    for (const name of wanted) visit(name, headers.get(name) ?? undefined);
  } else if (typeof headers === "object" && headers !== null) {
    visitRecord(headers as Readonly<Record<string, unknown>>, visit);
  }
}

function visitList(headers: readonly unknown[], visit: (name: string, value: unknown) => void): void {
  if (typeof headers[0] === "string") {
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index];
      if (typeof name === "string") visit(name, headers[index + 1]);
    }
    return;
  }
  for (const pair of headers) {
    if (Array.isArray(pair) && typeof pair[0] === "string") visit(pair[0], pair[1]);
  }
}

// Object.keys keeps prototype keys out: a header named __proto__ or constructor is data like any other.
function visitRecord(headers: Readonly<Record<string, unknown>>, visit: (name: string, value: unknown) => void): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (Array.isArray(value)) for (const item of value) visit(name, item);
    else visit(name, value);
  }
}

function isFetchHeaders(headers: unknown): headers is FetchHeaders {
  return (
    typeof headers === "object" &&
    headers !== null &&
    "get" in headers &&
    typeof headers.get === "function" &&
    "forEach" in headers &&
    typeof headers.forEach === "function"
  );
}

/** Whether the body is bytes or text. Anything else is the classic mistake of passing a parsed body. */
export function isBody(body: unknown): body is Uint8Array | string {
  // Bytes of another realm, as edge runtimes and sandboxes hand out, are no instance of this realm's Uint8Array.
  return typeof body === "string" || body instanceof Uint8Array || (ArrayBuffer.isView(body) && tagOf(body) === "Uint8Array");
}

function tagOf(view: ArrayBufferView): unknown {
  return (view as Partial<Uint8Array>)[Symbol.toStringTag];
}

/** Every header as a pair, in order, whatever the shape was; values that are no text are left out. */
export function headerPairs(headers: HeadersInput): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  const visit = (name: string, value: unknown): void => {
    if (typeof value === "string") pairs.push([name, value]);
  };
  if (Array.isArray(headers)) visitList(headers, visit);
  else if (isFetchHeaders(headers)) headers.forEach((value, name) => visit(name, value));
  else if (typeof headers === "object" && headers !== null) visitRecord(headers as Readonly<Record<string, unknown>>, visit);
  return pairs;
}
