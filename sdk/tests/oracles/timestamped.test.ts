// Vendors that sign a timestamp with the body: both ways, and what both say at the edges of the tolerance.
import { Mux } from "@mux/mux-node";
import { Paddle } from "@paddle/paddle-node-sdk";
import { encodeSignatureHeader, isValidSignature } from "@sanity/webhook";
import { isValidSlackRequest } from "@slack/bolt";
import { WorkOS } from "@workos-inc/node";
import { createHmac } from "node:crypto";
import { Stripe } from "stripe";
import { describe, expect, test } from "vitest";
import { createSigner, type Params } from "../../src/index.ts";
import {
  accepted,
  describeOracle,
  expectAtAge,
  expectVerdicts,
  freezeClock,
  nowMs,
  refused,
  sample,
  text,
  textOf,
  textSecret,
  theirVerdict,
  ourVerdict,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const secondsOf = (message: Message): number => Math.floor(message.nowMs / 1000);
const hex = ({ secret }: Message, content: string): string => createHmac("sha256", secret).update(content).digest("hex");

const { webhooks: stripeWebhooks } = new Stripe("sk_test_fixture");

const stripe: Oracle = {
  name: "stripe",
  provider: "stripe",
  signature: "stripe-signature",
  secret: textSecret,
  body: text,
  sign: (message) => ({
    "stripe-signature": stripeWebhooks.generateTestHeaderString({
      payload: textOf(message.body),
      secret: message.secret,
      timestamp: secondsOf(message),
    }),
  }),
  verify: ({ secret, headers, body }) =>
    stripeWebhooks.signature!.verifyHeader(textOf(body), headers["stripe-signature"] ?? "", secret, stripeWebhooks.DEFAULT_TOLERANCE),
};

const slack: Oracle = {
  name: "@slack/bolt",
  provider: "slack",
  signature: "x-slack-signature",
  secret: textSecret,
  body: text,
  sign: (message) => ({
    "x-slack-request-timestamp": String(secondsOf(message)),
    "x-slack-signature": `v0=${hex(message, `v0:${secondsOf(message)}:${textOf(message.body)}`)}`,
  }),
  verify: ({ secret, headers, body }) =>
    isValidSlackRequest({
      signingSecret: secret,
      body: textOf(body),
      headers: {
        "x-slack-signature": headers["x-slack-signature"] ?? "",
        "x-slack-request-timestamp": Number(headers["x-slack-request-timestamp"]),
      },
    }),
};

const muxWebhooks = new Mux({ tokenId: "fixture", tokenSecret: "fixture" }).webhooks;

const mux: Oracle = {
  name: "@mux/mux-node",
  provider: "mux",
  signature: "mux-signature",
  secret: textSecret,
  body: text,
  sign: (message) => ({ "mux-signature": `t=${secondsOf(message)},v1=${hex(message, `${secondsOf(message)}.${textOf(message.body)}`)}` }),
  verify: ({ secret, headers, body }) => muxWebhooks.verifySignature(textOf(body), headers, secret),
};

const paddleWebhooks = new Paddle("fixture").webhooks;

const paddle: Oracle = {
  name: "@paddle/paddle-node-sdk",
  provider: "paddle",
  signature: "paddle-signature",
  secret: textSecret,
  body: text,
  sign: (message) => ({
    "paddle-signature": `ts=${secondsOf(message)};h1=${hex(message, `${secondsOf(message)}:${textOf(message.body)}`)}`,
  }),
  verify: ({ secret, headers, body }) => paddleWebhooks.isSignatureValid(textOf(body), secret, headers["paddle-signature"] ?? ""),
};

const workosWebhooks = new WorkOS("fixture").webhooks;

const workos: Oracle = {
  name: "@workos-inc/node",
  provider: "workos",
  signature: "workos-signature",
  secret: textSecret,
  body: text,
  sign: async (message) => ({
    "workos-signature": `t=${message.nowMs}, v1=${await workosWebhooks.computeSignature(message.nowMs, textOf(message.body), message.secret)}`,
  }),
  verify: ({ secret, headers, body }) =>
    workosWebhooks.verifyHeader({ payload: textOf(body), sigHeader: headers["workos-signature"] ?? "", secret }),
};

const sanity: Oracle = {
  name: "@sanity/webhook",
  provider: "sanity",
  signature: "sanity-webhook-signature",
  secret: textSecret,
  body: text,
  sign: async (message) => ({
    "sanity-webhook-signature": await encodeSignatureHeader(textOf(message.body), message.nowMs, message.secret),
  }),
  verify: ({ secret, headers, body }) => isValidSignature(textOf(body), headers["sanity-webhook-signature"] ?? "", secret),
};

for (const oracle of [stripe, slack, mux, paddle, workos, sanity]) describeOracle(oracle);

describe("the edges of the tolerance", () => {
  // `nowMs` is 250 ms into a second, and a timestamp in seconds is cut: at 750 ms more the next second begins.
  test.each([
    [stripe, 300],
    [slack, 300],
    [mux, 300],
  ])("$name: whole seconds, inclusive, past only", async (oracle, seconds) => {
    await expectAtAge(oracle, seconds * 1000, accepted);
    await expectAtAge(oracle, seconds * 1000 + 749, accepted);
    await expectAtAge(oracle, seconds * 1000 + 750, refused);
    await expectAtAge(oracle, (seconds + 1) * 1000, refused);
    await expectAtAge(oracle, -86_400_000, accepted);
  });

  // Theirs compares milliseconds with a timestamp that is cut to a second. We compare seconds, as for every other vendor
  // that sends seconds, and so accept up to 999 ms more: a sender is not older because its timestamp lost a fraction.
  test("paddle: theirs ends on the millisecond, ours with the second", async () => {
    await expectAtAge(paddle, 5000 - 250, accepted);
    await expectAtAge(paddle, 5000 - 249, { theirs: false, ours: true });
    await expectAtAge(paddle, 5749, { theirs: false, ours: true });
    await expectAtAge(paddle, 5750, refused);
    await expectAtAge(paddle, 6000, refused);
    await expectAtAge(paddle, -86_400_000, accepted);
  });

  test("workos: milliseconds, inclusive, past only", async () => {
    await expectAtAge(workos, 180_000, accepted);
    await expectAtAge(workos, 180_001, refused);
    await expectAtAge(workos, -86_400_000, accepted);
  });

  test("sanity: any age, because the vendor states no limit", async () => {
    await expectAtAge(sanity, 86_400_000, accepted);
    await expectAtAge(sanity, -86_400_000, accepted);
  });
});

describe("what the packages read differently", () => {
  // A timestamp before 2021 is how @sanity/webhook notices seconds in place of milliseconds. The unit is ours by provider.
  test("sanity: a signed timestamp before 2021 is refused by theirs only", async () => {
    const at = 1_609_459_199_999;
    const message = { ...(await sample(sanity)), nowMs: at };
    const signature = createHmac("sha256", message.secret)
      .update(`${at}.${textOf(message.body)}`)
      .digest("base64url");
    const delivery = { ...message, headers: { "sanity-webhook-signature": `t=${at},v1=${signature}` } };
    await expectVerdicts(sanity, delivery, { theirs: false, ours: true });
  });

  // parseInt() of theirs cuts `1790000000abc` to a number and signs that; here only the text that was sent is signed.
  test("mux: a timestamp with letters after it is refused by us only", async () => {
    const delivery = await sample(mux);
    const header = (delivery.headers["mux-signature"] ?? "").replace(",v1", "abc,v1");
    await expectVerdicts(mux, { ...delivery, headers: { "mux-signature": header } }, { theirs: true, ours: false });
  });

  // Slack's comparison is over the text, so its upper-case hex is another signature; decoded, both are the same bytes.
  test("slack: upper-case hex is refused by theirs only", async () => {
    const delivery = await sample(slack);
    const signature = (delivery.headers["x-slack-signature"] ?? "").toUpperCase().replace("V0=", "v0=");
    const headers = { ...delivery.headers, "x-slack-signature": signature };
    await expectVerdicts(slack, { ...delivery, headers }, { theirs: false, ours: true });
  });
});

describe("a sender that rotates signs with both secrets", () => {
  const [previous, current] = ["a-previous-secret", "a-current-secret"];
  const params: Params = {};

  async function verdicts(oracle: Oracle, secrets: string[], secret: string) {
    const body = '{"id":"evt_1"}';
    const signer = createSigner({ provider: oracle.provider, secrets, params });
    const { headers } = signer.sign({ id: "evt_1", timestampSeconds: nowMs / 1000, body });
    const delivery = { secret, body, method: "POST", url: "https://hooks.example.test/in", headers: Object.fromEntries(headers) };
    return { theirs: await theirVerdict(oracle, delivery), ours: await ourVerdict(oracle, delivery) };
  }

  test.each([stripe, mux])("$name takes either", async (oracle) => {
    expect(await verdicts(oracle, [current, previous], current)).toEqual(accepted);
    expect(await verdicts(oracle, [current, previous], previous)).toEqual(accepted);
    expect(await verdicts(oracle, [current, previous], "a-third-secret")).toEqual(refused);
  });

  // Paddle documents several `h1`, and its own package reads the last one only.
  test("paddle: theirs takes the last, ours takes either", async () => {
    expect(await verdicts(paddle, [current, previous], previous)).toEqual(accepted);
    expect(await verdicts(paddle, [current, previous], current)).toEqual({ theirs: false, ours: true });
    expect(await verdicts(paddle, [current, previous], "a-third-secret")).toEqual(refused);
  });
});
