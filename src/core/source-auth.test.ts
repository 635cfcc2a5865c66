// The credential a source asks for: what counts as right, and that nothing else does.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SourceAuth } from "./source.ts";
import { type AuthVerdict, checkSourceAuth } from "./source-auth.ts";

const basic: SourceAuth = { kind: "basic", username: "us\u00e9r", password: "pass:word", required: true };
const bearer: SourceAuth = { kind: "bearer", token: "T0ken", required: true };
const apiKey: SourceAuth = { kind: "apiKey", header: "X-Key", value: "v4lue", required: false };
const encoded = Buffer.from("us\u00e9r:pass:word", "utf8").toString("base64");

describe("checkSourceAuth", () => {
  it.each<[string, SourceAuth, string[], AuthVerdict]>([
    ["nothing is asked", { kind: "none" }, ["authorization", "anything"], "not_asked"],
    ["basic", basic, ["Authorization", `Basic ${encoded}`], "right"],
    ["basic, scheme in another case", basic, ["AUTHORIZATION", `bAsIc ${encoded}`], "right"],
    ["basic, spaces around", basic, ["authorization", `  Basic   ${encoded} `], "right"],
    ["basic, another password", basic, ["authorization", `Basic ${Buffer.from("us\u00e9r:pass:wore").toString("base64")}`], "wrong"],
    ["basic, the encoding in another case", basic, ["authorization", `Basic ${encoded.toLowerCase()}`], "wrong"],
    ["basic, the scheme alone", basic, ["authorization", "Basic"], "wrong"],
    ["basic, without the scheme", basic, ["authorization", encoded], "wrong"],
    ["bearer", bearer, ["authorization", "Bearer T0ken"], "right"],
    ["bearer, scheme in another case", bearer, ["authorization", "bearer T0ken"], "right"],
    ["bearer, token in another case", bearer, ["authorization", "Bearer t0ken"], "wrong"],
    ["bearer, a prefix of the token", bearer, ["authorization", "Bearer T0ke"], "wrong"],
    ["bearer, more than the token", bearer, ["authorization", "Bearer T0ken2"], "wrong"],
    ["bearer, another scheme", bearer, ["authorization", "Token T0ken"], "wrong"],
    ["bearer, empty", bearer, ["authorization", ""], "wrong"],
    ["bearer, absent", bearer, ["x-authorization", "Bearer T0ken"], "missing"],
    ["bearer, as a value of another header", bearer, ["x", "authorization", "y", "Bearer T0ken"], "missing"],
    ["bearer, twice", bearer, ["authorization", "Bearer T0ken", "Authorization", "Bearer T0ken"], "duplicate"],
    ["api key", apiKey, ["x-key", "v4lue"], "right"],
    ["api key, in another case", apiKey, ["x-key", "V4LUE"], "wrong"],
    ["api key, in another header", apiKey, ["x-key2", "v4lue"], "missing"],
    ["api key, twice", apiKey, ["x-key", "no", "X-KEY", "v4lue"], "duplicate"],
  ])("%s", (_, auth, headers, verdict) => {
    expect(checkSourceAuth(auth, headers)).toBe(verdict);
  });

  it("never throws, and takes no value but the right one", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(basic, bearer, apiKey), (value, auth) => {
        const name = auth.kind === "apiKey" ? "x-key" : "authorization";
        const right = [`Basic ${encoded}`, "Bearer T0ken", "v4lue"].includes(value.trim());
        expect(checkSourceAuth(auth, [name, value]) === "right").toBe(right);
      }),
    );
  });

  it("answers in one word whatever else is among the headers", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 9 }), (noise) => {
        const padded = noise.flatMap((text, i) => [`x-${i}`, text]);
        expect(checkSourceAuth(bearer, [...padded, "authorization", "Bearer T0ken"])).toBe("right");
        expect(checkSourceAuth(bearer, padded)).toBe("missing");
      }),
    );
  });
});
