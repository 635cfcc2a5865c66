// Valid vectors with one bit changed anywhere, a header repeated, or a part cut off: none may verify any more.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createVerifier, type Params, type VerifierOptions, type WebhookRequest } from "./index.ts";

interface Vector {
  readonly id: string;
  readonly valid: boolean;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly secret?: string;
  readonly publicKey?: string | object;
  readonly params?: Params;
  readonly now: number | null;
}

const files = "adyen aws-sns contentful discord google-pubsub jira-connect messagebird netlify paypal plaid sendgrid telnyx".split(" ");

describe("one flipped bit of a valid vector", () => {
  const vectors = files.flatMap((provider) =>
    (JSON.parse(readFileSync(new URL(`../vectors/${provider}.json`, import.meta.url), "utf8")) as Vector[])
      .filter(({ valid }) => valid)
      .map((vector) => ({ provider, vector })),
  );
  const optionsOf = (provider: string, { secret: key, publicKey, params }: Vector): VerifierOptions => ({
    provider,
    secrets: typeof key === "string" ? [key] : [],
    publicKey: publicKey === undefined ? [] : typeof publicKey === "string" ? publicKey : JSON.stringify(publicKey),
    params: params ?? {},
  });
  const unsignedHeaders = ["content-type", "x-netlify-event", "x-amz-sns-message-type", "x-amz-sns-message-id", "x-amz-sns-topic-arn"];

  test.each(vectors)("$vector.id", ({ provider, vector }) => {
    const verifier = createVerifier(optionsOf(provider, vector));
    const at = (vector.now ?? 0) * 1000;
    const check = (change: Partial<WebhookRequest>): boolean => verifier.verify({ ...vector, ...change }, at).ok;
    expect(check({})).toBe(true);
    const bytes = Buffer.from(vector.body);
    for (let bit = 0; verifier.provider.bodyAuthenticated && bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(check({ body: flipped })).toBe(false);
    }
    for (const [name, value] of Object.entries(vector.headers)) {
      if (unsignedHeaders.includes(name.toLowerCase())) continue;
      expect(check({ headers: [...Object.entries(vector.headers), [name, value]] })).toBe(false);
      for (let index = 0; index < value.length; index++) {
        const letter = String.fromCharCode(value.charCodeAt(index) ^ 1);
        // Another certificate of the vendor is no forgery while none is pinned by certUrl.
        if (name === "paypal-cert-url" && index >= "https://api.paypal.com/".length) continue;
        expect(check({ headers: { ...vector.headers, [name]: value.slice(0, index) + letter + value.slice(index + 1) } })).toBe(false);
      }
    }
  });

  test.each(vectors)("$vector.id: no part of the request may be cut off", ({ provider, vector }) => {
    const verifier = createVerifier(optionsOf(provider, vector));
    for (const cut of [
      { headers: {}, body: "" },
      { headers: {}, body: "{}" },
      { headers: {}, body: "[null]" },
      { headers: {}, body: "null" },
    ])
      expect(verifier.verify({ ...vector, ...cut }, (vector.now ?? 0) * 1000).ok).toBe(false);
  });
});
