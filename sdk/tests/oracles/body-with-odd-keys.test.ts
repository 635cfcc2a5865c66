// Vendors that sign the body alone with a secret that is not simply its text: EasyPost normalises it, Adyen writes it in hex.
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { test } from "vitest";
import { describeOracle, expectVerdicts, freezeClock, json, sample, text, textOf, textSecret, type Oracle } from "./both-ways.ts";

freezeClock();

// What these two packages export differs from what their types say about import, so they are required.
const require = createRequire(import.meta.url);
const EasyPost = require("@easypost/api") as typeof import("@easypost/api").default;
const { default: HmacValidator } =
  require("@adyen/api-library/lib/src/utils/hmacValidator.js") as typeof import("@adyen/api-library/lib/src/utils/hmacValidator.js");

const easypost = new EasyPost("fixture");

const easypostOracle: Oracle = {
  name: "@easypost/api",
  provider: "easypost",
  signature: "x-hmac-signature",
  // Letters that normalisation takes apart, beside any others.
  secret: fc.tuple(textSecret, fc.constantFrom("", "é", "ﬁ", "Å", "①")).map((parts) => parts.join("")),
  body: json,
  sign: ({ secret, body }) => ({
    "x-hmac-signature": `hmac-sha256-hex=${createHmac("sha256", secret.normalize("NFKD")).update(body).digest("hex")}`,
  }),
  verify: ({ secret, headers, body }) => {
    easypost.Utils.validateWebhook(Buffer.from(body), headers, secret);
  },
};

describeOracle(easypostOracle);

// Its package writes `10` as `10.0` again, for programs that parsed the body and lost it. We verify what was received:
// repairing bytes would let two bodies have one signature. `diagnose` is the place that explains such a body.
test("@easypost/api: a weight without its decimal is repaired by theirs and refused by us", async () => {
  const sent = '{"result":{"weight":10.0}}';
  const delivery = await sample(easypostOracle, { body: sent });
  await expectVerdicts(easypostOracle, delivery, { theirs: true, ours: true });
  await expectVerdicts(easypostOracle, { ...delivery, body: '{"result":{"weight":10}}' }, { theirs: true, ours: false });
});

const adyen = new HmacValidator();

describeOracle({
  name: "@adyen/api-library, platform webhooks",
  provider: "adyen-platform",
  signature: "hmacsignature",
  secret: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Buffer.from(key).toString("hex")),
  body: text,
  sign: ({ secret, body }) => ({ hmacsignature: adyen.calculateHmac(textOf(body), secret) }),
  verify: ({ secret, headers, body }) => adyen.validateHMACSignature(secret, headers["hmacsignature"] ?? "", textOf(body)),
});
