// The SDK outside Node: nothing it imports needs more than web globals, and it signs and verifies where there are no others.
import fc from "fast-check";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type EdgeRealm, openEdgeRealm } from "../tests/edge-realm.ts";
import { bodiesOf, nowMs, providerCases, secretsOf, signingSecretsOf, url, urlOf } from "../tests/provider-cases.ts";
import { tsc, withCompiledSdk } from "../tests/tsc.ts";
import { createSigner, createVerifier, type KeyPair, type SignedHeaders, type VerifyOutcome } from "./index.ts";

/** Every file that `index.ts` and the providers import, at any distance. */
function importedBy(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path)) return found;
  found.add(path);
  const file = new URL(path, import.meta.url);
  for (const specifier of specifiersOf(readFileSync(file, "utf8"))) {
    if (specifier.startsWith(".")) importedBy(`./${new URL(specifier, `https://sdk.test/${path}`).pathname.slice(1)}`, found);
  }
  return found;
}

// A type leaves nothing behind at run time, neither do the comments.
function codeOf(text: string): string {
  return text.replaceAll(/^(import|export) type [^;]*;/gm, "").replaceAll(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "$1");
}

// Statements start their line, so that the word "from" inside a text is none.
const SPECIFIER =
  /(?:^import\s+(?:[^"';]*\bfrom\s*)?|^export\s*(?:\*|\{)[^"';]*\bfrom\s*|\bimport\s*\(\s*|\brequire\s*\(\s*)["'`]([^"'`\n]+)["'`]/gm;

function specifiersOf(text: string): string[] {
  return [...codeOf(text).matchAll(SPECIFIER)].map((match) => match[1] ?? "");
}

describe("what index.ts imports", () => {
  const files = [...importedBy("./index.ts")];

  test("is the whole SDK, and files that exist", () => {
    expect(files).toEqual(expect.arrayContaining(["./web-crypto.ts", "./node-crypto.ts", "./providers/github.ts", "./schemes/hmac.ts"]));
    expect(files.filter((path) => !existsSync(new URL(path, import.meta.url)))).toEqual([]);
  });

  test.each(files)("%s needs no module of Node and none of its globals", (path) => {
    const text = readFileSync(new URL(path, import.meta.url), "utf8");
    expect(specifiersOf(text).filter((specifier) => !specifier.startsWith("."))).toEqual([]);
    // `as Buffer` is a type, and what a message says in words is none of them.
    const code = codeOf(text)
      .replaceAll(/ as Buffer\b/g, "")
      .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
    expect(code.match(/\b(Buffer|__dirname|__filename|setImmediate|require)\b/g) ?? []).toEqual([]);
    if (path !== "./runtime.ts") expect(code.match(/\b(process|globalThis)\b/g) ?? []).toEqual([]);
  });

  test("the walk sees what it looks for", () => {
    expect(specifiersOf('import { a } from "node:fs";\nimport "x";\nexport * from "y";\nawait import("z");')).toEqual([
      "node:fs",
      "x",
      "y",
      "z",
    ]);
    expect(specifiersOf("import {\n  a,\n} from 'node:fs';\nimport b, * as c from \"x\";\nconst d = require(`y`);")).toEqual([
      "node:fs",
      "x",
      "y",
    ]);
    expect(specifiersOf('import type { A } from "node:fs";\n// import "x"\n')).toEqual([]);
    expect(specifiersOf('const at = ["json:messages.0.from", "json:import", "x"];\nexport default { id: "from", b: "x" };')).toEqual([]);
    expect(codeOf("/** Buffer */ const a = 1; // Buffer\n")).not.toContain("Buffer");
  });
});

test("its types need neither those of Node nor an option that looks away", () => {
  const consumer = `
    import { createSigner, createVerifier, diagnose, sign, verify, type Provider } from "./index.js";
    import github from "./providers/github.js";
    const own: Provider = github;
    export async function handle(request: Request): Promise<Response> {
      const { method, url, headers } = request;
      const body = new Uint8Array(await request.arrayBuffer());
      const result = await verify({ method, url, headers, body }, { provider: github, secret: "s" });
      const text: string = result.ok ? (result.event.type ?? "") : result.cause;
      const { hints } = await diagnose({ headers, body }, { provider: own, secret: text });
      const signed = await sign({ provider: "github", secret: "s", body });
      const sync = [createSigner({ provider: own }).provider, createVerifier({ provider: own }).provider];
      return new Response(signed.body ?? null, { status: result.ok ? 200 : 401, headers: [...signed.headers, ["x", String(hints.length + sync.length)]] });
    }
  `;
  const said = withCompiledSdk([], (folder) => {
    const file = join(folder, "consumer.ts");
    writeFileSync(file, consumer);
    const flags = "--noEmit --strict --target es2022 --lib es2022,dom --module nodenext --moduleResolution nodenext --skipLibCheck false";
    return tsc(...flags.split(" "), "--ignoreConfig", "--types", "", file);
  });
  expect(said).toBe("");
});

/** What crosses the border of the realm: JSON, with bytes as base64. */
const border = `
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
`;

function signIn(realm: EdgeRealm): (options: object, body: Uint8Array) => Promise<SignedHeaders> {
  const run = realm.evaluate(`(() => {${border}
    return async (options, body) => {
      return JSON.stringify(await sdk.sign({ ...JSON.parse(options), body: bytesOf(body) }));
    };
  })()`) as (options: string, body: string) => Promise<string>;
  return async (options, body) => {
    return JSON.parse(await run(JSON.stringify(options), Buffer.from(body).toString("base64"))) as SignedHeaders;
  };
}

function verifyIn(realm: EdgeRealm): (request: object, body: Uint8Array, options: object) => Promise<VerifyOutcome> {
  const run = realm.evaluate(`(() => {${border}
    return async (request, body, options) =>
      JSON.stringify(await sdk.verify({ ...JSON.parse(request), body: bytesOf(body) }, JSON.parse(options)));
  })()`) as (request: string, body: string, options: string) => Promise<string>;
  return async (request, body, options) =>
    JSON.parse(await run(JSON.stringify(request), Buffer.from(body).toString("base64"), JSON.stringify(options))) as VerifyOutcome;
}

describe("in a realm with web globals only", () => {
  const realm = openEdgeRealm();
  const sign = signIn(realm);
  const verify = verifyIn(realm);

  test("there is neither process nor Buffer", () => {
    expect(realm.evaluate("[typeof process, typeof Buffer, typeof crypto.subtle, typeof sdk.verify].join()")).toBe(
      "undefined,undefined,object,function",
    );
  });

  // Every kind of scheme is among them.
  test.each(providerCases)("%s signs what verifies here, and verifies what is signed here", async (_, provider, params) => {
    const [body = new Uint8Array()] = fc.sample(bodiesOf(provider), { numRuns: 1, seed: 1 });
    const secrets = { signing: signingSecretsOf(provider), verifying: secretsOf(provider) };
    const input = { id: "evt-1", type: "a.b", method: "POST", url };
    const requestOf = (signed: SignedHeaders): { method: string; url?: string; headers: SignedHeaders["headers"]; body: Uint8Array } => ({
      method: "POST",
      url: signed.url ?? urlOf(provider),
      headers: signed.headers,
      body: Buffer.from(signed.body ?? body),
    });
    const theirs = requestOf(await sign({ ...input, provider: provider.id, params, secrets: secrets.signing, timestampMs: nowMs }, body));
    expect(createVerifier({ provider, params, secrets: secrets.verifying }).verify(theirs, nowMs)).toMatchObject({ ok: true });

    const signer = createSigner({ provider, params, secrets: secrets.signing });
    const { body: bytes, ...ours } = requestOf(signer.sign({ ...input, timestampSeconds: nowMs / 1000, body }));
    const options = { provider: provider.id, params, secrets: secrets.verifying, nowMs };
    expect(await verify(ours, bytes, options)).toMatchObject({ ok: true });
    if (provider.scheme.kind !== "none")
      expect(await verify({ ...ours, headers: [], url: urlOf(provider) }, body, options)).toMatchObject({ ok: false });
  });

  test("new secrets and key pairs can be made and used", async () => {
    const made = await realm.evaluate(`(async () => JSON.stringify([sdk.generateSecret(), await sdk.generateKeyPair()]))()`);
    const [secret, pair] = JSON.parse(String(made)) as [string, KeyPair];
    const signed = await sign(
      { provider: "standard-webhooks", secrets: [secret, pair.privateKey], id: "m", timestampMs: nowMs },
      Buffer.from("{}"),
    );
    for (const key of [secret, pair.publicKey]) {
      const verifier = createVerifier({ provider: "standard-webhooks", secrets: [key] });
      expect(verifier.verify({ headers: signed.headers, body: "{}" }, nowMs).ok).toBe(true);
    }
  });

  test("diagnose works, and what cannot wait says what to use instead", async () => {
    const diagnosis = realm.evaluate(`(async () => {
      const secret = "a-secret-of-some-length";
      const { headers } = await sdk.sign({ provider: "github", secret, body: "{}" });
      const { hints } = await sdk.diagnose({ headers, body: "{}\\n" }, { provider: "github", secret });
      return hints.map(({ code }) => code).join();
    })()`);
    expect(await diagnosis).toBe("body_newline");
    const refusal = (call: string): unknown =>
      realm.evaluate(`(() => { try { ${call}; return "made" } catch (error) { return error.name + " " + error.message } })()`);
    expect(refusal(`sdk.createVerifier({ provider: "github", secrets: ["a-secret-of-some-length"] })`)).toMatch(
      /^ConfigError runtime: .* verify\(\)/,
    );
    expect(refusal(`sdk.createSigner({ provider: "github", secrets: ["a-secret-of-some-length"] })`)).toMatch(
      /^ConfigError runtime: .* sign\(\)/,
    );
    expect(refusal(`sdk.createVerifier({ provider: "githubb" })`)).toMatch(/^ConfigError provider: /);
  });
});
