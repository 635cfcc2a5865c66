// Hook0 and Hygraph, which put together what they sign in ways of their own: attacks on each, and what the signer writes.
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { engines } from "../tests/engines.ts";
import { ConfigError, createSigner, createVerifier, signsUrl, providerById, type SignerInput, type WebhookRequest } from "./index.ts";
import { signedTime } from "./adapters/signed-time.ts";
import { onlyPair } from "./signature-header.ts";
import { signWith } from "./signer.ts";
import { check } from "./webhook.ts";

const nowMs = 1_760_000_000_000;
const now = nowMs / 1000;
const secret = "a-secret-of-some-length";
const hmac = (content: string | Uint8Array, encoding: "hex" | "base64"): string =>
  createHmac("sha256", secret).update(content).digest(encoding);

function outcome(provider: string, request: Pick<WebhookRequest, "headers" | "body">, toleranceSeconds?: number): string {
  const result = createVerifier({ provider, secrets: [secret], toleranceSeconds }).verify(request, nowMs);
  return result.ok ? "ok" : result.cause;
}

function refusal(provider: string, input: Partial<SignerInput>): string {
  try {
    createSigner({ provider, secrets: [secret] }).sign({ timestampSeconds: now, body: "{}", ...input });
    return "signed";
  } catch (error) {
    return error instanceof ConfigError ? error.path : String(error);
  }
}

test("neither signs the URL", () => {
  expect(["coinbase-cdp", "hygraph"].map((id) => signsUrl(providerById(id)!))).toEqual([false, false]);
});

test("a pair counts where it is the only one of its key", () => {
  expect(onlyPair("t=1, h=a b,v1=c", "h")).toBe("a b");
  expect(onlyPair("h=", "h")).toBe("");
  expect(onlyPair("h=a,h=a", "h")).toBeUndefined();
  expect(onlyPair("th=a,v=h=a,h", "h")).toBeUndefined();
  expect(onlyPair("", "h")).toBeUndefined();
});

describe("Hook0 (coinbase-cdp)", () => {
  const body = '{"eventType":"a.b","data":{"sum":"1.5","note":"x.{\\"a\\":1}"}}';
  const own = { "content-type": "application/json", "x-event-id": "e1", "x-event-type": "a.b" };
  type Headers = Readonly<Record<string, string>>;
  const signed = (names: string, values: readonly string[], text = body, t: number | string = now): string =>
    `t=${t},h=${names},v1=${hmac(`${t}.${names}.${values.join(".")}.${text}`, "hex")}`;
  const signature = signed(Object.keys(own).join(" "), Object.values(own));
  const at = (value: string, headers: Headers = own, text = body): string =>
    outcome("coinbase-cdp", { headers: { ...headers, "X-Hook0-Signature": value }, body: text });

  test("the named headers are signed, in their order, and others are not", () => {
    expect(at(signature)).toBe("ok");
    expect(at(signature, { ...own, "x-other": "1" })).toBe("ok");
    expect(at(signature, { ...own, "x-event-id": "e2" })).toBe("signature_mismatch");
    expect(at(signature, { ...own, "X-Event-Id": "e1" })).toBe("duplicate_header");
    expect(at(signature, { "content-type": "application/json", "x-event-id": "e1" })).toBe("missing_header");
    expect(at(signature.replace("x-event-id x-event-type", "x-event-type x-event-id"))).toBe("signature_mismatch");
    expect(at(signature.replace("h=content-type ", "h="))).toBe("signature_mismatch");
    expect(at(signed("", [""]))).toBe("ok");
  });

  test("a list that is not plain is refused before anything is compared", () => {
    const many = Array.from({ length: 65 }, (_, index) => `x-${index}`);
    const lists = [
      "content-type content-type",
      "Content-Type",
      "content-type  x-event-id",
      "content-type.",
      " content-type",
      many.join(" "),
    ];
    for (const list of lists) {
      const values = list.split(" ").map((name) => (own as Headers)[name.toLowerCase()] ?? "1");
      const headers = { ...own, ...Object.fromEntries(many.map((name) => [name, "1"])) };
      expect(at(signed(list, values), headers), list).toBe("malformed_signature");
    }
    const most = many.slice(0, 64);
    expect(
      at(
        signed(
          most.join(" "),
          most.map(() => "1"),
        ),
        Object.fromEntries(most.map((name) => [name, "1"])),
      ),
    ).toBe("ok");
  });

  test("time and version", () => {
    expect(at(signed("x-event-id", ["e1"], body, now - 300))).toBe("ok");
    expect(at(signed("x-event-id", ["e1"], body, now - 301))).toBe("timestamp_too_old");
    expect(at(signed("x-event-id", ["e1"], body, now + 301))).toBe("timestamp_in_future");
    expect(at(signed("x-event-id", ["e1"], body, `${now}.0`))).toBe("malformed_timestamp");
    expect(at(signature.replace(`t=${now},`, ""))).toBe("malformed_timestamp");
    expect(at(`${signature},t=${now}`)).toBe("malformed_signature");
    expect(at(`${signature},h=x-event-id`)).toBe("malformed_signature");
    expect(at(signature.replace(/h=[^,]*,/, ""))).toBe("malformed_signature");
    expect(at(`t=${now},v0=${hmac(`${now}.${body}`, "hex")}`)).toBe("unknown_signature_version");
    expect(at(signature.slice(0, -2))).toBe("malformed_signature");
    expect(at("")).toBe("malformed_signature");
    expect(outcome("coinbase-cdp", { headers: own, body })).toBe("missing_header");
  });

  test("a body cut at any of its dots has the signature of the whole, and is refused", () => {
    const all = `${Object.values(own).join(".")}.${body}`;
    let cuts = 0;
    for (let dot = all.indexOf("."); dot >= 0; dot = all.indexOf(".", dot + 1)) {
      const text = all.slice(dot + 1);
      const values = all.slice(0, dot).split(".");
      // Every way to give the three headers what stands before the dot.
      for (let first = 1; first < values.length; first++) {
        for (let second = first + 1; second < values.length; second++) {
          const parts = [values.slice(0, first), values.slice(first, second), values.slice(second)].map((part) => part.join("."));
          const headers = Object.fromEntries(Object.keys(own).map((name, index) => [name, parts[index] ?? ""]));
          expect(at(signature, headers, text)).toBe(text === body ? "ok" : "malformed_request");
          cuts++;
        }
      }
    }
    expect(cuts).toBeGreaterThan(10);
  });

  test("no end of a JSON object or array behind a dot is one itself, with or without the end of a header before it", () => {
    const isOne = (text: string): boolean => {
      try {
        const value: unknown = JSON.parse(text);
        return typeof value === "object" && value !== null;
      } catch {
        return false;
      }
    };
    // Texts and keys made of what could pass for JSON.
    const odd = fc.string({ unit: fc.constantFrom(".", "{", "}", "[", "]", '"', "\\", ":", ",", "1", "a"), maxLength: 12 });
    const value = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        odd,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(odd, tie("node"), { maxKeys: 3 }),
      ),
    })).node;
    const roots = fc.oneof(fc.array(value, { maxLength: 3 }), fc.dictionary(odd, value, { maxKeys: 3 }));
    fc.assert(
      fc.property(roots, fc.constantFrom(undefined, 1), odd, (root, indent, before) => {
        const text = JSON.stringify(root, null, indent);
        for (let dot = text.indexOf("."); dot >= 0; dot = text.indexOf(".", dot + 1)) expect(isOne(text.slice(dot + 1)), text).toBe(false);
        expect(isOne(`${before}.${text}`), `${before}.${text}`).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("what is no JSON object or array is neither accepted nor signed", () => {
    for (const text of ["", "1.5", '"a.b"', "null", "{", "a=1"]) {
      expect(at(signed("x-event-id", ["e1"], text), own, text)).toBe("malformed_request");
      expect(refusal("coinbase-cdp", { body: text })).toBe("body");
    }
    expect(at(signed("x-event-id", ["e1"], "[]"), own, "[]")).toBe("ok");
  });

  test("the signer names what is given; headers of the request count before id and type", () => {
    const signer = createSigner({ provider: "coinbase-cdp", secrets: [secret, "another-secret"] });
    const added = signer.sign({ id: "e1", type: "a.b", timestampSeconds: now, headers: { "Content-Type": "application/json" }, body });
    expect(added.headers).toEqual([
      ["x-event-id", "e1"],
      ["x-event-type", "a.b"],
      ["x-hook0-signature", signature],
    ]);
    const kept = signer.sign({ id: "e2", type: "c", timestampSeconds: now, headers: own, body });
    expect(kept.headers).toEqual(added.headers);
    expect(signer.sign({ timestampSeconds: now, body }).headers).toEqual([["x-hook0-signature", signed("", [""])]]);
    expect(refusal("coinbase-cdp", { id: "a\r\nb" })).toBe("headers.x-event-id");
    expect(
      refusal("coinbase-cdp", {
        headers: [
          ["x-event-id", "a"],
          ["x-event-id", "b"],
        ],
      }),
    ).toBe("headers.x-event-id");
    expect(signedTime(signer.provider, {}, (name) => new Map(added.headers).get(name), Buffer.from(body))?.getTime()).toBe(nowMs);
  });
});

describe("Hygraph", () => {
  const body = '{"operation":"publish","data":{"id":"1","title":"\\"ü\\" \u2028"}}';
  const content = (text: string, environment = "master", t: number | string = nowMs): string =>
    `{"Body":${JSON.stringify(text)},"EnvironmentName":${JSON.stringify(environment)},"TimeStamp":${t}}`;
  const value = (text: string, environment = "master", t: number | string = nowMs): string =>
    `sign=${hmac(content(text, environment, t), "base64")}, env=${environment}, t=${t}`;
  const at = (signature: string, text: string | Uint8Array = body, toleranceSeconds?: number): string =>
    outcome("hygraph", { headers: { "gcms-signature": signature }, body: text }, toleranceSeconds);

  test("body, environment and time are signed", () => {
    expect(at(value(body))).toBe("ok");
    expect(at(value(body), Buffer.from(body))).toBe("ok");
    expect(at(value(body, "dev"))).toBe("ok");
    expect(at(value(body).replace("env=master", "env=dev"))).toBe("signature_mismatch");
    expect(at(value(body).replace(`t=${nowMs}`, `t=${nowMs + 1}`))).toBe("signature_mismatch");
    expect(at(value(body), `${body} `)).toBe("signature_mismatch");
    expect(at(value(body).replaceAll(", ", ","))).toBe("ok");
  });

  test("an environment that looks like JSON stays a name", () => {
    const trick = '","TimeStamp":1}';
    expect(at(value(body, "x}").replace("env=x}", `env=${trick}`))).toBe("signature_mismatch");
    expect(at(value(body, '"}'))).toBe("ok");
  });

  test("what is not one of each is refused", () => {
    expect(at(value(body).replace("env=master, ", ""))).toBe("malformed_signature");
    expect(at(`${value(body)}, env=master`)).toBe("malformed_signature");
    expect(at(value(body).replace(`, t=${nowMs}`, ""))).toBe("malformed_timestamp");
    expect(at(value(body, "master", `${now}.5`))).toBe("malformed_timestamp");
    expect(at(value(body).replace("sign=", "sign2="))).toBe("unknown_signature_version");
    expect(outcome("hygraph", { headers: {}, body })).toBe("missing_header");
    expect(outcome("hygraph", { headers: { "gcms-signature": [value(body), value(body)] }, body })).toBe("duplicate_header");
  });

  test("the vendor states no age; a source may", () => {
    const old = value(body, "master", nowMs - 86_400_000);
    expect(at(old)).toBe("ok");
    expect(at(old, body, 300)).toBe("timestamp_too_old");
    expect(at(value(body, "master", nowMs + 301_000), body, 300)).toBe("timestamp_in_future");
  });

  test("bytes that are not exactly the text have no signature", () => {
    const mark = Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(body)]);
    expect(at(value(body), mark)).toBe("signature_mismatch");
    expect(at(value("\ufffd"), Uint8Array.of(0xff))).toBe("signature_mismatch");
    expect(refusal("hygraph", { body: mark })).toBe("body");
    expect(refusal("hygraph", { body: Uint8Array.of(0xff) })).toBe("body");
  });

  test.each(engines)("%s: any text is signed as JSON writes it", async (_, engine) => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), async (text) => {
        const signed = await signWith(
          engine,
          { provider: "hygraph", secrets: [secret, "another-secret"] },
          { timestampSeconds: now, body: text },
        );
        expect(signed.headers).toEqual([["gcms-signature", value(text)]]);
        const result = await check(engine, { headers: signed.headers, body: Buffer.from(text) }, { provider: "hygraph", secret, nowMs });
        // A text that starts with a byte order mark has two forms as bytes.
        expect(result.ok).toBe(!text.startsWith("\ufeff"));
      }),
    );
  });
});
