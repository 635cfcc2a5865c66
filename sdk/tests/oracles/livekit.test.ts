// LiveKit's own package, whose receiver checks a token with the digest of the body.
import fc from "fast-check";
import { AccessToken, WebhookReceiver } from "livekit-server-sdk";
import { createHash, createHmac } from "node:crypto";
import { describe, test } from "vitest";
import {
  accepted,
  describeOracle,
  expectAtAge,
  expectVerdicts,
  freezeClock,
  nowMs,
  refused,
  sample,
  textOf,
  textSecret,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const apiKey = "fixture_api_key";
const now = Math.floor(nowMs / 1000);

const digest = ({ body }: Pick<Message, "body">): string => createHash("sha256").update(body).digest("base64");

const oracle: Oracle = {
  name: "livekit-server-sdk",
  provider: "livekit",
  params: { apiKey },
  signature: "authorization",
  secret: textSecret,
  // Its receiver parses what it has verified.
  body: fc.record({ event: fc.constant("room_started"), id: fc.string({ unit: "grapheme" }) }).map((event) => JSON.stringify(event)),
  sign: async (message) => {
    const token = new AccessToken(apiKey, message.secret, { ttl: 60 });
    token.sha256 = digest(message);
    return { authorization: await token.toJwt() };
  },
  verify: async ({ secret, headers, body }) => {
    await new WebhookReceiver(apiKey, secret).receive(textOf(body), headers["authorization"]);
  },
};

describeOracle(oracle);

/** A token with claims that its package would not make. */
function withClaims(more: object): Oracle {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    ...oracle,
    sign: (message) => {
      const claims = { iss: apiKey, nbf: now, exp: now + 60, sha256: digest(message), ...more };
      const signed = `${part({ alg: "HS256" })}.${part(claims)}`;
      return { authorization: `${signed}.${createHmac("sha256", message.secret).update(signed).digest("base64url")}` };
    },
  };
}

describe("livekit: claims", () => {
  test("the token ends 10 s after its end, exclusive, and starts 10 s before its start", async () => {
    const own = withClaims({});
    await expectAtAge(own, 60_000, accepted);
    await expectAtAge(own, 69_749, accepted);
    await expectAtAge(own, 69_750, refused);
    await expectAtAge(own, -10_250, accepted);
    await expectAtAge(own, -10_251, refused);
  });

  test.each([
    ["another issuer", { iss: "other" }],
    ["no issuer", { iss: undefined }],
    ["no end", { exp: undefined }],
    ["no digest", { sha256: undefined }],
    ["a digest in hex", { sha256: createHash("sha256").update("{}").digest("hex") }],
  ])("%s is refused on both sides", async (_, more) => {
    const changed = withClaims(more);
    await expectVerdicts(changed, await sample(changed, { body: '{"event":"room_started"}' }), refused);
  });
});
