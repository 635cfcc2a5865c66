// How the text of one setting becomes a value: each reader answers the value, or one plain phrase saying what it takes.
import { isIP } from "node:net";
import { parseRange } from "./outbound/address.ts";
import { parseAllowRule } from "./outbound/allow-list.ts";
import { parseForwardProxy } from "./outbound/proxy.ts";

export type Reading<T> = { ok: true; value: T } | { ok: false; problem: string };

export interface Reader<T> {
  /** What a good value looks like, as shown in the docs. */
  kind: string;
  read(text: string): Reading<T>;
}

const HOST_NAME = /^(?=.{1,253}$)(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?$/i;

/** Any text that is not blank. */
export const text: Reader<string> = {
  kind: "text",
  read: (given) => (given.trim() === "" ? bad("must not be empty") : good(given)),
};

/** A key or token: long enough to be one, and safe to send in a header. */
export function token(charactersMin: number): Reader<string> {
  return {
    kind: `text, at least ${charactersMin} characters`,
    read(given) {
      if (given.length < charactersMin) return bad(`must have at least ${charactersMin} characters`);
      return /^[\x21-\x7e]+$/.test(given) ? good(given) : bad("must be printable ASCII without spaces");
    },
  };
}

export function wholeNumber(min: number, max: number): Reader<number> {
  return {
    kind: `whole number, ${min} to ${max}`,
    read(given) {
      // Number("") is 0 and Number("0x10") is 16: only plain digits count as a number here.
      const value = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
      return value >= min && value <= max ? good(value) : bad(`must be a whole number from ${min} to ${max}`);
    },
  };
}

const BYTE_UNITS: Record<string, number> = { "": 1, KIB: 1024, MIB: 1024 ** 2, GIB: 1024 ** 3, TIB: 1024 ** 4 };

/** A number of bytes, as digits or with a unit: `10485760`, `10MiB`. */
export function byteCount(min: number, max: number): Reader<number> {
  const range = `${formatBytes(min)} to ${formatBytes(max)}`;
  return {
    kind: `bytes, ${range}`,
    read(given) {
      const match = /^(\d{1,16}) ?(KiB|MiB|GiB|TiB|)$/i.exec(given);
      const value = match === null ? Number.NaN : Number(match[1]) * (BYTE_UNITS[match[2]!.toUpperCase()] ?? Number.NaN);
      return value >= min && value <= max ? good(value) : bad(`must be a number of bytes from ${range}, such as 1048576 or 1MiB`);
    },
  };
}

export const boolean: Reader<boolean> = {
  kind: "true or false",
  read(given) {
    if (/^(true|1|yes|on)$/i.test(given)) return good(true);
    if (/^(false|0|no|off)$/i.test(given)) return good(false);
    return bad("must be true or false");
  },
};

export function oneOf<const T extends string>(...choices: T[]): Reader<T> {
  return {
    kind: choices.join(", "),
    read(given) {
      const choice = choices.find((candidate) => candidate === given.toLowerCase());
      return choice === undefined ? bad(`must be one of ${choices.join(", ")}`) : good(choice);
    },
  };
}

/** An absolute http(s) URL; answered without a slash at its end, so that paths can be appended. */
export const baseUrl: Reader<string> = {
  kind: "http(s) URL",
  read(given) {
    const url = URL.parse(given);
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return bad("must be an absolute http:// or https:// URL");
    if (url.username !== "" || url.password !== "") return bad("must not hold a user name or password");
    if (url.search !== "" || url.hash !== "") return bad("must not hold a query or a fragment");
    return good(url.href.replace(/\/+$/, ""));
  },
};

/** A forward proxy, with its credentials where it wants some. */
export const proxyUrl: Reader<string> = {
  kind: "http(s) URL of a host, with an optional port, user and password",
  read: (given) =>
    parseForwardProxy(given) === null
      ? bad("must be a URL such as http://proxy.example:3128 or https://user:password@proxy.example, without a path")
      : good(given),
};

/** 32 bytes as 64 hex digits or as base64. */
export const key32: Reader<Uint8Array> = {
  kind: "32 bytes as hex or base64",
  read(given) {
    // Buffer.from skips what it cannot decode, so the form is checked first.
    if (/^[0-9a-f]{64}$/i.test(given)) return good(new Uint8Array(Buffer.from(given, "hex")));
    if (/^[A-Za-z0-9+/]{43}=?$/.test(given)) return good(new Uint8Array(Buffer.from(given, "base64")));
    return bad("must be 32 bytes, as 64 hex digits or 44 characters of base64");
  },
};

export const host: Reader<string> = {
  kind: "address or host name",
  read: (given) => (isIP(given) !== 0 || HOST_NAME.test(given) ? good(given) : bad("must be an IP address or a host name")),
};

/** Addresses and ranges, by commas: `10.0.0.0/8, ::1`. */
export const networks: Reader<string[]> = {
  kind: "addresses and CIDR ranges, by commas",
  read: (given) => list(given, (entry) => parseRange(entry) !== null, "an IP address or a CIDR range such as 10.0.0.0/8"),
};

/** What the address guard takes: `10.0.0.0/8, payments:8080, loopback`. */
export const outboundTargets: Reader<string[]> = {
  kind: "addresses, CIDR ranges or host names, each with an optional port, or `loopback`, by commas",
  read: (given) => list(given, (entry) => parseAllowRule(entry) !== null, "an address, a CIDR range, a host name or the word loopback"),
};

/** Some of a few words, by commas; at least one, each once. */
export function someOf<const T extends string>(...choices: T[]): Reader<T[]> {
  return {
    kind: `${choices.join(", ")}, by commas`,
    read(given) {
      const named = list(given, (entry) => choices.some((choice) => choice === entry.toLowerCase()), `one of ${choices.join(", ")}`);
      if (!named.ok) return named;
      if (named.value.length === 0) return bad(`must name one of ${choices.join(", ")} at least`);
      return good(choices.filter((choice) => named.value.some((entry) => entry.toLowerCase() === choice)));
    },
  };
}

/** Where a PostgreSQL is, in the form its own tools take. */
export const databaseUrl: Reader<string> = {
  kind: "postgres:// URL",
  read(given) {
    const protocol = URL.parse(given)?.protocol;
    return protocol === "postgres:" || protocol === "postgresql:"
      ? good(given)
      : bad("must be a URL such as postgres://user:password@host:5432/database");
  },
};

/** Bytes in the largest unit that divides them. */
function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ["TiB", 1024 ** 4],
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

function list(given: string, accepts: (entry: string) => boolean, expected: string): Reading<string[]> {
  const entries = given
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const wrong = entries.find((entry) => !accepts(entry));
  return wrong === undefined ? good(entries) : bad(`holds ${JSON.stringify(wrong)}, which is not ${expected}`);
}

function good<T>(value: T): Reading<T> {
  return { ok: true, value };
}

function bad(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}
