// Vonage's own package, which checks the token; the digest of the body in it is for its caller to compare.
import { verifySignature } from "@vonage/jwt";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { describe, test } from "vitest";
import {
  binary,
  describeOracle,
  expectVerdicts,
  freezeClock,
  nowMs,
  refused,
  sample,
  textSecret,
  type Message,
  type Oracle,
} from "./both-ways.ts";

freezeClock();

const now = Math.floor(nowMs / 1000);
const digest = ({ body }: Pick<Message, "body">): Buffer => createHash("sha256").update(body).digest();

function vonage(more: object = {}): Oracle {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    name: "@vonage/jwt",
    provider: "vonage",
    signature: "authorization",
    secret: textSecret,
    body: binary,
    sign: (message) => {
      const claims = {
        iat: now,
        jti: message.id,
        iss: "Vonage",
        payload_hash: digest(message).toString("hex"),
        api_key: "fixture",
        ...more,
      };
      const signed = `${part({ typ: "JWT", alg: "HS256" })}.${part(claims)}`;
      return { authorization: `Bearer ${signed}.${createHmac("sha256", message.secret).update(signed).digest("base64url")}` };
    },
    verify: ({ secret, headers, body }) => {
      const token = (headers["authorization"] ?? "").replace(/^Bearer /, "");
      if (!verifySignature(token, secret)) return false;
      const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { payload_hash?: string };
      const given = Buffer.from(claims.payload_hash ?? "", "hex");
      return given.length === 32 && timingSafeEqual(given, digest({ body }));
    },
  };
}

describeOracle(vonage());

describe("vonage: claims", () => {
  test.each([
    ["without the digest of the body", { payload_hash: undefined }],
    ["with the digest of another body", { payload_hash: createHash("sha256").update("another").digest("hex") }],
    ["that has ended", { exp: now - 3600 }],
  ])("a token %s is refused on both sides", async (_, more) => {
    const changed = vonage(more);
    await expectVerdicts(changed, await sample(changed), refused);
  });
});
