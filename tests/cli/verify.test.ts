// `posthorn verify`: real schemes signed by the vendors' own libraries, and the reason for each way to get it wrong.
import { createHmac } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign as signGitHub } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { beforeAll, describe, expect, test } from "vitest";
import { NOW, type Run, run, scriptedServer, UNSAFE_OUTPUT } from "./rig.ts";

const directory = mkdtempSync(join(tmpdir(), "posthorn-verify-"));
const SECRET = "It's a Secret to Everybody";
const BODY = '{\n  "action": "opened",\n  "number": 1\n}';
let signature = "";

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const secretFile = file("secret", `${SECRET}\n`);

function rawGitHub(body: string, extra = ""): string {
  return `POST /hooks HTTP/1.1\r\nHost: example.com\r\nX-GitHub-Event: issues\r\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\nX-Hub-Signature-256: ${signature}\r\n${extra}\r\n${body}`;
}

async function verdict(
  argv: string[],
  options: Parameters<typeof run>[1] = {},
): Promise<Run & { json: { ok: boolean; cause: string | null; hints: { code: string }[]; notes: string[]; event: unknown } }> {
  const result = await run(["verify", ...argv, "--json"], options);
  return { ...result, json: JSON.parse(result.out) as never };
}

beforeAll(async () => {
  signature = await signGitHub(SECRET, BODY);
});

describe("GitHub", () => {
  const github = ["--provider", "github", "--secret-file", secretFile];

  test("a raw capture verifies", async () => {
    const { exit, out } = await run(["verify", "--request", file("good.http", rawGitHub(BODY)), ...github]);
    expect({ exit, out }).toEqual({ exit: 0, out: "Verified as github: type issues, id 72d3162e-cc78-11e3-81ab-4c9367dc0958.\n" });
  });

  test("the capture may come from stdin, and the secret from the environment", async () => {
    const { exit } = await run(["verify", "--request", "-", "--provider", "github"], {
      stdin: rawGitHub(BODY),
      environment: { POSTHORN_VERIFY_SECRET: SECRET },
    });
    expect(exit).toBe(0);
  });

  test("a line break that an editor added is not taken for the body's", async () => {
    const { exit } = await run([
      "verify",
      "--request",
      file("editor.http", `${rawGitHub(BODY, `Content-Length: ${BODY.length}\r\n`)}\n`),
      ...github,
    ]);
    expect(exit).toBe(0);
  });

  test("a capture with bare line feeds is read", async () => {
    const [head = "", body = ""] = rawGitHub(BODY).split("\r\n\r\n");
    const { exit } = await run(["verify", "--request", file("lf.http", `${head.replaceAll("\r\n", "\n")}\n\n${body}`), ...github]);
    expect(exit).toBe(0);
  });

  test.each([
    ["object headers", { headers: { "x-hub-signature-256": "SIG", "x-github-event": "issues" }, body: BODY }],
    ["pairs and base64", { headers: [["X-Hub-Signature-256", "SIG"]], bodyBase64: Buffer.from(BODY).toString("base64") }],
    ["a flat list", { method: "POST", headers: ["X-Hub-Signature-256", "SIG"], body: BODY }],
    [
      "a record of requests get --json",
      {
        id: "req_1",
        body: Buffer.from(BODY).toString("base64"),
        bodyEncoding: "base64",
        request: { method: "POST", pathTail: "", headers: [["x-hub-signature-256", "SIG"]] },
      },
    ],
  ])("a JSON capture with %s verifies", async (_name, capture) => {
    const text = JSON.stringify(capture).replaceAll('"SIG"', JSON.stringify(signature));
    expect((await run(["verify", "--request", file("capture.json", text), ...github])).exit).toBe(0);
  });

  test("headers and body apart verify", async () => {
    const { exit } = await run(["verify", "--header", `X-Hub-Signature-256: ${signature}`, "--body", file("body.json", BODY), ...github]);
    expect(exit).toBe(0);
  });

  test("a wrong secret is named", async () => {
    const { exit, json } = await verdict([
      "--request",
      file("good.http", rawGitHub(BODY)),
      "--provider",
      "github",
      "--secret-file",
      file("other", "not the secret"),
    ]);
    expect({ exit, cause: json.cause, hints: json.hints.map(({ code }) => code) }).toEqual({
      exit: 1,
      cause: "signature_mismatch",
      hints: ["wrong_secret"],
    });
  });

  test("a re-serialised body is named", async () => {
    const compact = JSON.stringify(JSON.parse(BODY));
    const signed = await signGitHub(SECRET, compact);
    const { exit, json } = await verdict(["--header", `X-Hub-Signature-256: ${signed}`, "--body", file("pretty.json", BODY), ...github]);
    expect({ exit, hints: json.hints.map(({ code }) => code) }).toEqual({ exit: 1, hints: ["body_reserialized"] });
  });

  test("a body given as parsed JSON comes with a note", async () => {
    const { json } = await verdict([
      "--request",
      file("parsed.json", JSON.stringify({ headers: { "x-hub-signature-256": signature }, body: JSON.parse(BODY) as unknown })),
      ...github,
    ]);
    expect(json.ok).toBe(false);
    expect(json.notes[0]).toContain("parsed JSON");
  });

  test("a wrong encoding is named", async () => {
    const base64 = `sha256=${createHmac("sha256", SECRET).update(BODY).digest("base64")}`;
    const { json } = await verdict(["--header", `X-Hub-Signature-256: ${base64}`, "--body", file("body.json", BODY), ...github]);
    expect(json).toMatchObject({ ok: false, cause: "malformed_signature", hints: [{ code: "wrong_encoding" }] });
  });

  test("a wrong header is named", async () => {
    const { json } = await verdict(["--header", "Stripe-Signature: t=1,v1=00", "--body", file("body.json", BODY), ...github]);
    expect(json).toMatchObject({ ok: false, cause: "missing_header", hints: [{ code: "other_provider" }] });
  });

  test("a rotated key verifies and is pointed out", async () => {
    const { exit, json } = await verdict([
      "--request",
      file("good.http", rawGitHub(BODY)),
      "--provider",
      "github",
      "--secret-file",
      file("new", "the new secret"),
      "--secret-file",
      secretFile,
    ]);
    expect({ exit, hints: json.hints.map(({ code }) => code) }).toEqual({ exit: 0, hints: ["rotated_key"] });
  });

  test("hostile captures do not act on the terminal", async () => {
    const { out, err } = await run([
      "verify",
      "--header",
      `X-Hub-Signature-256: ${signature}`,
      "--header",
      "X-GitHub-Event: a\u001b[2Jb\u202e",
      "--body",
      file("body.json", BODY),
      ...github,
    ]);
    expect(out + err).not.toMatch(UNSAFE_OUTPUT);
  });
});

describe("Stripe", () => {
  const secret = "whsec_test_secret";
  const header = (timestamp: number) => Stripe.webhooks.generateTestHeaderString({ payload: BODY, secret, timestamp });
  const stripe = (timestamp: number) => [
    "--header",
    `Stripe-Signature: ${header(timestamp)}`,
    "--body",
    file("body.json", BODY),
    "--provider",
    "stripe",
    "--secret-file",
    file("stripe-secret", secret),
  ];

  test("verifies now", async () => {
    expect((await run(["verify", ...stripe(NOW / 1000)])).exit).toBe(0);
  });

  test("a stale clock is named, and --at and --tolerance put it right", async () => {
    const { exit, json } = await verdict(stripe(NOW / 1000 - 3600));
    expect(exit).toBe(1);
    expect(json).toMatchObject({ cause: "timestamp_too_old", hints: [{ code: "stale_timestamp" }] });
    expect((await run(["verify", ...stripe(NOW / 1000 - 3600), "--at", "1h"])).exit).toBe(0);
    expect((await run(["verify", ...stripe(NOW / 1000 - 3600), "--at", String(NOW / 1000 - 3600)])).exit).toBe(0);
    expect((await run(["verify", ...stripe(NOW / 1000 - 3600), "--tolerance", "4000"])).exit).toBe(0);
  });
});

describe("Standard Webhooks", () => {
  test("verifies what the official library signed", async () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
    const signed = new Webhook(secret).sign("msg_1", new Date(NOW), BODY);
    const headers = ["webhook-id: msg_1", `webhook-timestamp: ${NOW / 1000}`, `webhook-signature: ${signed}`].flatMap((line) => [
      "--header",
      line,
    ]);
    const { exit, out } = await run([
      "verify",
      ...headers,
      "--body",
      file("body.json", BODY),
      "--provider",
      "standard-webhooks",
      "--secret-file",
      file("sw", secret),
    ]);
    expect({ exit, out }).toEqual({ exit: 0, out: expect.stringContaining("id msg_1") });
  });
});

describe("the generic scheme", () => {
  test("takes its options as --param", async () => {
    const signed = createHmac("sha256", SECRET).update(BODY).digest("hex");
    const argv = [
      "--header",
      `X-Sig: ${signed}`,
      "--body",
      file("body.json", BODY),
      "--provider",
      "hmac",
      "--param",
      "header=x-sig",
      "--secret-file",
      secretFile,
    ];
    expect((await run(["verify", ...argv])).exit).toBe(0);
  });
});

describe("a request that the server kept", () => {
  test("is checked at the time it came, with the provider of its source", async () => {
    await using server = await scriptedServer(({ url }) =>
      url.startsWith("/v1/sources/")
        ? { json: { id: "src_1", provider: "github", params: {}, url: "http://x/in/t" } }
        : {
            json: {
              id: "req_1",
              sourceId: "src_1",
              receivedAt: new Date(NOW).toISOString(),
              bodyBytes: BODY.length,
              bodyTruncated: false,
              body: BODY,
              bodyEncoding: "utf8",
              request: { method: "POST", pathTail: "", query: "", headers: [["x-hub-signature-256", signature]], remoteAddress: "::1" },
            },
          },
    );
    const { exit } = await run(["verify", "--id", "req_1", "--secret-file", secretFile], { environment: server.environment });
    expect(exit).toBe(0);
    expect(server.received.map(({ url }) => url)).toEqual(["/v1/requests/req_1", "/v1/sources/src_1"]);
  });
});

describe("wrong command lines", () => {
  test.each([
    [[], "Name the request in one way"],
    [["--id", "req_1", "--request", "x"], "Name the request in one way"],
    [["--request", "-", "--secret-file", "-", "--provider", "github"], "Only one of the inputs"],
    [["--request", "/nowhere/hook", "--provider", "github", "--secret-file", secretFile], "cannot be read (ENOENT)"],
    [["--request", file("empty", " \n"), "--provider", "github", "--secret-file", secretFile], "is empty"],
    [["--request", file("broken", "{nope"), "--provider", "github", "--secret-file", secretFile], "is not"],
    [["--header", "no colon", "--provider", "github", "--secret-file", secretFile], "no header line"],
    [["--header", "a: b", "--secret-file", secretFile], "--provider is needed"],
    [["--header", "a: b", "--provider", "github"], "no secret to check with"],
  ])("%j", async (argv, message) => {
    const { exit, out, err } = await run(["verify", ...argv]);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toContain(message);
  });

  test("an unknown provider is one too", async () => {
    expect((await verdict(["--header", "a: b", "--provider", "gitbub", "--secret-file", secretFile])).exit).toBe(2);
  });

  test("a secret as a flag works, with a warning", async () => {
    const { exit, err } = await run([
      "verify",
      "--request",
      file("good.http", rawGitHub(BODY)),
      "--provider",
      "github",
      "--secret",
      SECRET,
    ]);
    expect(exit).toBe(0);
    expect(err).toContain("visible to other users");
    expect(err).not.toContain(SECRET);
  });
});
