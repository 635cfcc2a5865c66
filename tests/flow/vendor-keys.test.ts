// Keys of vendors through the outbound port: what is fetched, and what a failed fetch means for the request.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type KeySource, providerById, type VerifyResult, type WebhookRequest } from "@posthorn/sdk";
import { expect, test } from "vitest";
import { createVendorKeys, type KeyedSource } from "../../src/flow/vendor-keys.ts";
import { createTestClock } from "../kit/clock.ts";
import { createScriptedTransport, type Respond } from "../kit/scripted-transport.ts";

interface Vector extends WebhookRequest {
  readonly valid: boolean;
  readonly body: string;
  readonly publicKey: string;
}

const vectors = JSON.parse(readFileSync(new URL("../../sdk/vectors/aws-sns.json", import.meta.url), "utf8")) as Vector[];
const SNS = vectors.find(({ valid }) => valid)!;
const CERT_URL = (JSON.parse(SNS.body) as { SigningCertURL: string }).SigningCertURL;
// The fixture is a certificate of some months; the tests play within them.
const NOW = Date.parse(new X509Certificate(SNS.publicKey).validFrom) + 3_600_000;
const source = (): KeyedSource => ({
  provider: { ...providerById("aws-sns")!, keySource: { kind: "certificate" } satisfies KeySource },
  secrets: [],
  publicKeys: [],
  params: {},
  toleranceSeconds: undefined,
});

function setUp(respond: Respond) {
  const clock = createTestClock(NOW);
  const transport = createScriptedTransport(clock, respond);
  const keys = createVendorKeys({ transport });
  return {
    transport,
    async verify(given: KeyedSource, request: WebhookRequest): Promise<VerifyResult> {
      const result = keys.verify(given, request, NOW);
      await clock.advance(1);
      return result;
    },
  };
}

test("the certificate is fetched once, bounded in time and size, and verifies", async () => {
  const { transport, verify } = setUp(() => ({ status: 200, body: SNS.publicKey }));
  const mine = source();
  for (let n = 0; n < 3; n++) expect(await verify(mine, SNS)).toMatchObject({ ok: true });
  expect(transport.sent.map(({ method, url }) => `${method} ${url}`)).toEqual([`GET ${CERT_URL}`]);
});

test("a changed body is refused with the same certificate", async () => {
  const { verify } = setUp(() => ({ status: 200, body: SNS.publicKey }));
  const changed = { ...SNS, body: SNS.body.replace('"Message":"', '"Message":"x') };
  expect(await verify(source(), changed)).toMatchObject({ ok: false, cause: "signature_mismatch" });
});

test.each([
  ["an answer that is no 200", () => ({ status: 302, headers: ["location", "https://evil.test/"], body: SNS.publicKey })],
  ["no answer", () => ({ failure: "connect_refused" as const })],
  ["a blocked address", () => ({ failure: "blocked_address" as const })],
  ["something that is no certificate", () => ({ status: 200, body: "<html>" })],
])("%s says nothing about the request: it may come again", async (_name, respond) => {
  const { transport, verify } = setUp(respond);
  expect(await verify(source(), SNS)).toMatchObject({ ok: false, cause: "key_unavailable" });
  expect(transport.sent.length).toBe(1);
});

test("a certificate at another address is not fetched", async () => {
  const { transport, verify } = setUp(() => ({ status: 200, body: SNS.publicKey }));
  const forged = { ...SNS, body: SNS.body.replace(CERT_URL, "https://sns.us-east-1.amazonaws.com.evil.test/a.pem") };
  expect(await verify(source(), forged)).toMatchObject({ ok: false, cause: "untrusted_key_source" });
  expect(transport.sent).toEqual([]);
});
