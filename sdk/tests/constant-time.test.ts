// The structure that keeps time from telling secrets: decoded bytes of equal length, one comparison, and every key tried.
import { readFileSync, readdirSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createVerifier } from "../src/index.ts";
import { everyProvider, type Subject } from "./every-provider.ts";

// Counts what Node compares, from before the SDK is loaded: it may keep the functions it finds then.
const spy = vi.hoisted(() => {
  const crypto = process.getBuiltinModule("node:crypto");
  const { syncBuiltinESMExports } = process.getBuiltinModule("node:module");
  const original = { timingSafeEqual: crypto.timingSafeEqual, verify: crypto.verify };
  /** The lengths of what was compared in constant time, and the number of signatures checked with public keys. */
  const counts = { compared: [] as (readonly [number, number])[], checked: 0 };
  const replace = (functions: object): void => {
    Object.assign(crypto, functions);
    syncBuiltinESMExports();
  };
  replace({
    timingSafeEqual: (left: NodeJS.ArrayBufferView, right: NodeJS.ArrayBufferView) => {
      counts.compared.push([left.byteLength, right.byteLength]);
      return original.timingSafeEqual(left, right);
    },
    verify: (...args: Parameters<typeof crypto.verify>) => {
      counts.checked++;
      return original.verify(...args);
    },
  });
  return { counts, restore: () => replace(original) };
});
afterAll(spy.restore);

const VALUE = String.raw`[\w$.?!\[\]"'\x60-]+(?:\([^()]*\))?`;
const COMPARISON = new RegExp(String.raw`(?<!typeof )(${VALUE})\s*[!=]==?\s*(typeof )?(${VALUE})`, "g");
const SENSITIVE =
  /(?:^|[.\]])\w*(?:signature|secret|digest|mac|token|sha\d+|hash|password|credentials|bytes)s?\]?(?:\.\w+)?(?:\([^()]*\))?$/i;
// A literal, a constant, a length or an absent value: comparing with those tells nothing about a secret.
const HARMLESS = /^(?:undefined|null|true|false|-?\d\w*|["'`].*|[A-Z][A-Z0-9_]*|.*\.length)$/;
const EARLY_EXIT = /\.equals\(|Buffer\.compare\(|\.localeCompare\(/;

/** Comparisons in `source` that stop at the first difference between values that may be secret. */
function leaks(source: string): string[] {
  return source.split("\n").flatMap((line) => {
    const code = line.replace(/^\s*(?:\/\/|\*|\/\*).*/, "");
    const found = [...code.matchAll(COMPARISON)].filter(([, left = "", isType, right = ""]) => {
      if (isType !== undefined || HARMLESS.test(left) || HARMLESS.test(right)) return false;
      return SENSITIVE.test(left) || SENSITIVE.test(right);
    });
    return found.length > 0 || EARLY_EXIT.test(code) ? [line.trim()] : [];
  });
}

describe("sources", () => {
  // At the start a private key is checked against its own public half, which everybody may know.
  const PUBLIC = "if (!derived.equals(key.bytes.subarray(32)))";

  test("compare no secret, signature or digest with an operator", () => {
    const folders = ["../src/", "../src/schemes/"].map((folder) => new URL(folder, import.meta.url));
    const files = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
        .map((name) => new URL(name, folder)),
    );
    expect(files.length).toBeGreaterThan(30);
    const found = files.flatMap((file) => leaks(readFileSync(file, "utf8")).map((line) => `${file.pathname.split("/sdk/")[1]}: ${line}`));
    expect(found.filter((line) => !line.endsWith(PUBLIC))).toEqual([]);
  });

  test.each([
    "if (signature === expected) return true;",
    "return digest !== request.signature;",
    "if (mac.toString('hex') == header) return;",
    "const same = headers.signature === computed;",
    "return token === secrets[0];",
    "if (key.secret === value) return;",
    "return expectedSignature === given;",
    "if (candidate.bytes === mac) matched = true;",
    "if (digest.equals(candidate)) matched = true;",
    "return Buffer.compare(left, right) === 0;",
  ])("the rule finds %j", (line) => {
    expect(leaks(line)).toEqual([line]);
  });

  test.each([
    "if (signature === undefined) return;",
    'if (typeof signature !== "string") return signature;',
    'if (secret === "") return;',
    "if (candidate.bytes.length !== mac.length) continue;",
    "// signature === expected would stop early.",
    "if (scheme.kind === data.kind) return;",
  ])("the rule allows %j", (line) => {
    expect(leaks(line)).toEqual([]);
  });
});

describe("every provider", () => {
  const subjects = everyProvider();
  const { counts } = spy;

  beforeEach(() => {
    counts.compared.length = 0;
    counts.checked = 0;
  });

  /** How many comparisons each genuine request costs with these keys, and what came of it. */
  function costs({ provider, params, genuine }: Subject, secrets: string[], bySender: boolean): { cost: number; outcome: unknown }[] {
    const verifier = createVerifier({ provider, secrets, params });
    return genuine
      .filter((request) => request.bySender === bySender)
      .map((request) => {
        const before = counts.compared.length + counts.checked;
        const result = verifier.verify(request, request.nowMs);
        return { cost: counts.compared.length + counts.checked - before, outcome: result.ok ? result.secretIndex : result.cause };
      });
  }

  test.each(subjects)("$provider.id: a forgery costs a comparison per key, each of equal lengths", (subject) => {
    const { strangerKey, genuine } = subject;
    // The same key in every place: what is counted is the places.
    const [one, two, three] = [1, 2, 3].map((count) =>
      [true, false].flatMap((bySender) =>
        costs(
          subject,
          Array.from({ length: count }, () => strangerKey),
          bySender,
        ),
      ),
    );
    expect(one?.length).toBe(genuine.length);
    const reached = (one ?? []).filter(({ cost }) => cost > 0);
    expect(reached.length).toBeGreaterThan(0);
    for (const [index, { cost, outcome }] of (one ?? []).entries()) {
      expect(outcome).not.toBe(0);
      expect([two?.[index]?.cost, three?.[index]?.cost]).toEqual([cost * 2, cost * 3]);
    }
    expect(counts.compared.filter(([left, right]) => left !== right)).toEqual([]);
  });

  test.each(subjects)("$provider.id: which key matches makes no difference to the number of comparisons", (subject) => {
    const { strangerKey, senderKey } = subject;
    const first = costs(subject, [senderKey, strangerKey, strangerKey], true);
    const last = costs(subject, [strangerKey, strangerKey, senderKey], true);
    expect(first.map(({ outcome }) => outcome)).toEqual(first.map(() => 0));
    expect(last.map(({ outcome }) => outcome)).toEqual(first.map(() => 2));
    expect(last.map(({ cost }) => cost)).toEqual(first.map(({ cost }) => cost));
  });
});
