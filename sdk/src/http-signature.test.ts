// HTTP message signatures: a request signed as RFC 9421 says, and every way in which one must be refused.
import { createHash, generateKeyPairSync, sign as signWith, verify as verifyWith } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSigner, createVerifier, type Params } from "./index.ts";

const now = 1_760_000_000;
const body = '[{"event":"delivered","timestamp":1760000000}]';
const url = "https://hooks.example.test/in/x?b=2";
const ed = generateKeyPairSync("ed25519");
const publicKey = ed.publicKey.export({ format: "pem", type: "spki" }).toString();
const digestOf = (text: string, hash = "sha256"): string => createHash(hash).update(text).digest("base64");
const contentDigest = `sha-256=:${digestOf(body)}:`;
const plain = `("content-digest");created=${now};alg="ed25519";keyid="mckey"`;

interface Sent {
  /** The inner list with its parameters. */
  readonly input?: string;
  /** The lines before the last of the signature base. */
  readonly lines?: readonly string[];
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly atSeconds?: number;
  readonly key?: string;
  readonly params?: Params;
}

/** The cause, or "ok", of a request whose signature is made over exactly `lines` and `input`. */
function outcome({
  input = plain,
  lines = [`"content-digest": ${contentDigest}`],
  headers,
  body: sent = body,
  atSeconds = now,
  key,
  params,
}: Sent = {}): string {
  const base = [...lines, `"@signature-params": ${input}`].join("\n");
  const signature = signWith(null, Buffer.from(base), ed.privateKey).toString("base64");
  const all = { "content-digest": contentDigest, "signature-input": `sig1=${input}`, signature: `sig1=:${signature}:`, ...headers };
  const verifier = createVerifier({ provider: "mailchannels", publicKey: key ?? publicKey, params });
  const result = verifier.verify({ method: "POST", url, headers: all, body: sent }, atSeconds * 1000);
  return result.ok ? "ok" : result.cause;
}

describe("what verifies", () => {
  test("a signature over the digest", () => expect(outcome()).toBe("ok"));
  test("at both edges of the tolerance", () => {
    expect(outcome({ atSeconds: now + 300 })).toBe("ok");
    expect(outcome({ atSeconds: now - 300 })).toBe("ok");
  });
  test("without alg and keyid", () => expect(outcome({ input: `("content-digest");created=${now}` })).toBe("ok"));
  test("over header fields and parts of the request", () => {
    const input = `("@method" "@authority" "@path" "@query" "@scheme" "@target-uri" "x-list" "content-digest");created=${now};nonce="a\\"b"`;
    const lines = [
      '"@method": POST',
      '"@authority": hooks.example.test',
      '"@path": /in/x',
      '"@query": ?b=2',
      '"@scheme": https',
      `"@target-uri": ${url}`,
      '"x-list": a, b',
      `"content-digest": ${contentDigest}`,
    ];
    expect(outcome({ input, lines, headers: { "X-List": " a, b " } })).toBe("ok");
  });
  test("with another digest beside sha-256", () => {
    const both = `sha-512=:${digestOf(body, "sha512")}:, ${contentDigest}`;
    expect(outcome({ headers: { "content-digest": both }, lines: [`"content-digest": ${both}`] })).toBe("ok");
  });
  test("with a key whose id the request names", () => expect(outcome({ params: { keyid: "mckey" } })).toBe("ok"));
});

test.each<[string, Sent, string]>([
  ["a changed body", { body: body.replace("delivered", "bounced00") }, "signature_mismatch"],
  ["a changed digest", { body: "x", headers: { "content-digest": `sha-256=:${digestOf("x")}:` } }, "signature_mismatch"],
  ["another signed header than the one sent", { lines: ['"content-digest": x'] }, "signature_mismatch"],
  ["no digest among the components", { input: `("@method");created=${now}`, lines: ['"@method": POST'] }, "malformed_signature"],
  ["no components", { input: `();created=${now}`, lines: [] }, "malformed_signature"],
  ["a component twice", { input: `("content-digest" "content-digest");created=${now}` }, "malformed_signature"],
  ["a component with a parameter", { input: `("content-digest";req);created=${now}` }, "malformed_signature"],
  ["a parameter twice", { input: `("content-digest");created=${now};created=${now}` }, "malformed_signature"],
  ["another spelling", { input: `( "content-digest" );created=${now}` }, "malformed_signature"],
  ["a component of the answer", { input: `("@status" "content-digest");created=${now}` }, "missing_header"],
  ["a component that is not there", { input: `("x-none" "content-digest");created=${now}` }, "missing_header"],
  ["no created", { input: '("content-digest");keyid="mckey"' }, "malformed_timestamp"],
  ["too old", { atSeconds: now + 301 }, "timestamp_too_old"],
  ["too far ahead", { atSeconds: now - 301 }, "timestamp_in_future"],
  ["expired", { input: `("content-digest");created=${now};expires=${now}` }, "timestamp_too_old"],
  ["another algorithm", { input: `("content-digest");created=${now};alg="hmac-sha256"` }, "algorithm_not_allowed"],
  ["a digest of another kind only", { headers: { "content-digest": `sha-512=:${digestOf(body, "sha512")}:` } }, "algorithm_not_allowed"],
  ["another key id", { params: { keyid: "other" } }, "unknown_key"],
  ["another label", { headers: { signature: `sig2=:${Buffer.alloc(64).toString("base64")}:` } }, "malformed_signature"],
  ["a short signature", { headers: { signature: `sig1=:${Buffer.alloc(63).toString("base64")}:` } }, "malformed_signature"],
  ["two signatures", { headers: { "signature-input": `sig1=${plain}, sig2=${plain}` } }, "malformed_signature"],
  [
    "another key",
    { key: generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" }).toString() },
    "signature_mismatch",
  ],
])("refused: %s", (_, sent, cause) => expect(outcome(sent)).toBe(cause));

test.each(["signature-input", "signature", "content-digest"])("the header %s must be there, once", (name) => {
  const verifier = createVerifier({ provider: "mailchannels", publicKey });
  const headers = ["signature-input", "signature", "content-digest"].flatMap((each): [string, string][] =>
    each === name ? [] : [[each, "x"]],
  );
  expect(verifier.verify({ headers, body }, now * 1000)).toMatchObject({ cause: "missing_header" });
  const twice: [string, string][] = [...headers, [name, "x"], [name, "x"]];
  expect(verifier.verify({ headers: twice, body }, now * 1000)).toMatchObject({ cause: "duplicate_header" });
});

describe("what is signed", () => {
  const secrets = [ed.privateKey.export({ format: "pem", type: "pkcs8" }).toString()];
  const sign = (params: Params = {}) => createSigner({ provider: "mailchannels", secrets, params }).sign({ timestampSeconds: now, body });

  test.each([
    [{}, ""],
    [{ keyid: "mckey" }, ';keyid="mckey"'],
    [{ keyid: 'a"b\\c' }, ';keyid="a\\"b\\\\c"'],
  ])("with the parameters %j", (params, named) => {
    const { headers, ...others } = sign(params);
    const input = `("content-digest");created=${now};alg="ed25519"${named}`;
    const signature = headers[2]?.[1] ?? "";
    expect({ headers: headers.slice(0, 2), ...others }).toEqual({
      headers: [
        ["content-digest", contentDigest],
        ["signature-input", `sig1=${input}`],
      ],
    });
    const base = `"content-digest": ${contentDigest}\n"@signature-params": ${input}`;
    const bytes = Buffer.from(/^sig1=:(.*):$/.exec(signature)?.[1] ?? "", "base64");
    expect(verifyWith(null, Buffer.from(base), ed.publicKey, bytes)).toBe(true);
    const verifier = createVerifier({ provider: "mailchannels", publicKey, params });
    expect(verifier.verify({ headers, body }, now * 1000)).toMatchObject({ ok: true });
    expect(verifier.verify({ headers, body: `${body} ` }, now * 1000)).toMatchObject({ ok: false });
  });

  test.each(["", "é", "a\n", "x".repeat(257)])("not with the key id %j", (keyid) => {
    expect(() => sign({ keyid })).toThrow(/^params\.keyid: /);
  });
});
