// What of a request is a secret shared with its sender, and that masking touches nothing else.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceOf } from "../../tests/kit/flow.ts";
import type { RequestHead } from "../core/event.ts";
import type { Source } from "../core/source.ts";
import { credentialsOf, withoutCredentials } from "./credentials.ts";

const source = (changes: Partial<Source>): Source => ({ ...sourceOf("src_1", 0), ...changes });
const head = (changes: Partial<RequestHead>): RequestHead => ({
  method: "POST",
  pathTail: "/a",
  query: "",
  headers: [],
  remoteAddress: "192.0.2.1",
  ...changes,
});

describe("credentialsOf", () => {
  it.each<[string, Partial<Source>, string[], string | null]>([
    ["a source that asks for none", {}, [], null],
    ["a signature only", { provider: "github" }, [], null],
    ["basic auth", { auth: { kind: "basic", username: "u", password: "p", required: true } }, ["authorization"], null],
    ["a bearer token", { auth: { kind: "bearer", token: "t", required: false } }, ["authorization"], null],
    ["an api key", { auth: { kind: "apiKey", header: "X-Key", value: "v", required: true } }, ["x-key"], null],
    ["the basic provider", { provider: "basic" }, ["authorization"], null],
    ["the token provider", { provider: "token" }, ["authorization"], null],
    ["the token provider with a header", { provider: "token", params: { header: "X-Token" } }, ["x-token"], null],
    ["a provider whose token has a header of its own", { provider: "gitlab" }, ["x-gitlab-token"], null],
    ["a provider whose token is in the query", { provider: "jenkins" }, [], "token"],
    ["a provider whose token is in either", { provider: "cloudevents" }, ["authorization"], "access_token"],
    // A token in the body stays there: the body is kept as it was sent.
    ["a provider whose token is in the body", { provider: "aircall" }, [], null],
    ["a provider with basic auth", { provider: "chargebee" }, ["authorization"], null],
    ["the token provider in the query", { provider: "token", params: { query: "key" } }, [], "key"],
    [
      "a token in the query and an api key",
      { provider: "token", params: { query: "k" }, auth: { kind: "apiKey", header: "A", value: "v", required: true } },
      ["a"],
      "k",
    ],
  ])("%s", (_, changes, headers, query) => {
    const credentials = credentialsOf(source(changes));
    expect([[...credentials.headers], credentials.query]).toEqual([headers, query]);
  });

  it("of a source that is gone are none", () => {
    const request = head({ headers: ["authorization", "x"] });
    expect(withoutCredentials(request, credentialsOf(undefined))).toBe(request);
  });
});

describe("withoutCredentials", () => {
  const byHeader = credentialsOf(source({ auth: { kind: "bearer", token: "t", required: true } }));
  const byQuery = credentialsOf(source({ provider: "token", params: { query: "key" } }));

  it("masks the header in any case and every copy, in its place", () => {
    const request = head({ headers: ["A", "1", "Authorization", "Bearer t", "B", "authorization", "AUTHORIZATION", "x"] });
    expect(withoutCredentials(request, byHeader).headers).toEqual([
      "A",
      "1",
      "Authorization",
      "***",
      "B",
      "authorization",
      "AUTHORIZATION",
      "***",
    ]);
    expect(request.headers[3]).toBe("Bearer t");
  });

  it.each([
    ["key=secret", "key=***"],
    ["a=1&key=secret&b=2", "a=1&key=***&b=2"],
    ["key=one&key=two", "key=***&key=***"],
    ["k%65y=secret", "k%65y=***"],
    ["key=a=b", "key=***"],
    ["key", "key"],
    ["monkey=1&keys=2&%zz=3", "monkey=1&keys=2&%zz=3"],
    ["", ""],
  ])("masks the query %s as %s", (query, masked) => {
    expect(withoutCredentials(head({ query }), byQuery).query).toBe(masked);
  });

  it("leaves everything else as it was, byte for byte", () => {
    const name = fc.string({ unit: fc.constantFrom(...Array.from("abcXYZ-")), minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), fc.string(), (pairs, query) => {
        const request = head({ headers: pairs.flat(), query });
        expect(withoutCredentials(request, byHeader)).toEqual(request);
      }),
    );
  });
});
