// Against the values AWS publishes: its Signature Version 4 test suite, and the examples in the S3 API reference.
import { describe, expect, test } from "vitest";
import { type AwsCredentials, type AwsRequest, createAwsSigner } from "./aws-sigv4.ts";

// The suite's own credentials, which AWS prints in its documentation.
const SUITE: AwsCredentials = {
  region: "us-east-1",
  service: "service",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
};
const S3: AwsCredentials = {
  ...SUITE,
  service: "s3",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const SUITE_TIME = Date.UTC(2015, 7, 30, 12, 36, 0);
const ORIGIN = "https://example.amazonaws.com";
const UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

type Headers = (readonly [string, string])[];

function authorizationOf(
  credentials: AwsCredentials,
  changes: Partial<Omit<AwsRequest, "body">> & { body?: string },
  contentHash = false,
): string {
  const { body = "", ...rest } = changes;
  const request: AwsRequest = { method: "GET", url: `${ORIGIN}/`, headers: [], nowMs: SUITE_TIME, ...rest, body: Buffer.from(body) };
  const added = createAwsSigner(credentials, { contentHash }).sign(request);
  expect(added.at(-1)![0]).toBe("authorization");
  return added.at(-1)![1];
}

describe("the test suite of AWS", () => {
  test.each<[name: string, method: string, target: string, headers: Headers, signedHeaders: string, signature: string]>([
    ["get-vanilla", "GET", "/", [], "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", "POST", "/", [], "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "get-vanilla-query-order-key-case",
      "GET",
      "/?Param2=value2&Param1=value1",
      [],
      "host;x-amz-date",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      "get-vanilla-empty-query-key",
      "GET",
      "/?Param1=value1",
      [],
      "host;x-amz-date",
      "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ],
    [
      "get-vanilla-utf8-query",
      "GET",
      "/?\u1234=bar",
      [],
      "host;x-amz-date",
      "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    ],
    [
      "get-vanilla-query-order-encoded",
      "GET",
      "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
      [],
      "host;x-amz-date",
      "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ],
    [
      "get-vanilla-query-unreserved",
      "GET",
      `/?${UNRESERVED}=${UNRESERVED}`,
      [],
      "host;x-amz-date",
      "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ],
    [
      "get-slashes-normalized",
      "GET",
      "//example//",
      [],
      "host;x-amz-date",
      "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    ],
    [
      "get-header-value-trim",
      "GET",
      "/",
      [
        ["My-Header1", " value1"],
        ["My-Header2", ' "a   b   c"'],
      ],
      "host;my-header1;my-header2;x-amz-date",
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ],
    [
      "get-header-key-duplicate",
      "GET",
      "/",
      [
        ["My-Header1", "value2"],
        ["My-Header1", "value2"],
        ["My-Header1", "value1"],
      ],
      "host;my-header1;x-amz-date",
      "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ],
  ])("%s", (_name, method, target, headers, signedHeaders, signature) => {
    expect(authorizationOf(SUITE, { method, url: `${ORIGIN}${target}`, headers })).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    );
  });

  test("get-vanilla-with-session-token", () => {
    const sessionToken = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    expect(authorizationOf({ ...SUITE, sessionToken }, {})).toContain(
      "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    );
  });

  test("post-x-www-form-urlencoded, with the hash of its body", () => {
    const headers: Headers = [
      ["Content-Type", "application/x-www-form-urlencoded"],
      ["Content-Length", "13"],
    ];
    expect(authorizationOf(SUITE, { method: "POST", headers, body: "Param1=value1" }, true)).toContain(
      "SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date, Signature=d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    );
  });
});

describe("the examples of the S3 reference", () => {
  const nowMs = Date.UTC(2013, 4, 24);
  test("GET of a range", () => {
    const url = "https://examplebucket.s3.amazonaws.com/test.txt";
    expect(authorizationOf(S3, { url, headers: [["Range", "bytes=0-9"]], nowMs }, true)).toContain(
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
  });
  test("PUT of an object whose path is encoded once", () => {
    const headers: Headers = [
      ["Date", "Fri, 24 May 2013 00:00:00 GMT"],
      ["x-amz-storage-class", "REDUCED_REDUNDANCY"],
    ];
    const url = "https://examplebucket.s3.amazonaws.com/test$file.text";
    expect(authorizationOf(S3, { method: "PUT", url, headers, body: "Welcome to Amazon S3.", nowMs }, true)).toContain(
      "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
  });
});

test("a signer that lives past midnight takes the key of the new day", () => {
  const signer = createAwsSigner(SUITE);
  const request: AwsRequest = { method: "GET", url: ORIGIN, headers: [], body: new Uint8Array(0), nowMs: SUITE_TIME };
  signer.sign(request);
  const later = { ...request, nowMs: SUITE_TIME + 86_400_000 };
  expect(signer.sign(later)).toEqual(createAwsSigner(SUITE).sign(later));
  expect(signer.sign(later).at(-1)![1]).toContain("/20150831/");
});
