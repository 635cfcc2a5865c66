// `posthorn providers`: static data, without a server.
import { describe, expect, test } from "vitest";
import { providers } from "@posthorn/sdk";
import { run, UNSAFE_OUTPUT } from "./rig.ts";

describe("providers list", () => {
  test("has a line for each, with scheme, coverage of the body and what is experimental", async () => {
    const { exit, out, err } = await run(["providers", "list"]);
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(providers.length + 1);
    expect(lines[0]).toMatch(/^ID +NAME +SIGNS WITH +BODY +CHECKED$/);
    expect(out).toMatch(/^stripe +Stripe +HMAC-SHA256 with time +yes +yes$/m);
    expect(out).toMatch(/^gitlab +GitLab +shared token +no +yes$/m);
    expect(out.match(/experimental$/gm) ?? []).toHaveLength(providers.filter(({ experimental }) => experimental === true).length);
  });

  test.each<[string, string[]]>([
    ["SHOP", ["shopify"]],
    ["ed25519", ["discord", "telnyx"]],
    ["whatsapp", ["meta"]],
  ])("--search %s", async (text, ids) => {
    const { exit, out } = await run(["providers", "list", "--search", text, "--json"]);
    expect(exit).toBe(0);
    expect((JSON.parse(out) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    expect(out.toLowerCase()).not.toContain("sendgrid");
  });

  test("nothing found says what serves any sender, on stderr", async () => {
    const { exit, out, err } = await run(["providers", "list", "--search", "no such thing"]);
    expect({ exit, out }).toEqual({ exit: 0, out: "" });
    expect(err).toContain('"hmac"');
    expect(JSON.parse((await run(["providers", "list", "--search", "no such thing", "--json"])).out)).toEqual({ data: [] });
  });
});

describe("providers show", () => {
  test("tells all there is to know", async () => {
    const { exit, out, err } = await run(["providers", "show", "twilio"]);
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out).toMatch(/^Twilio \(twilio\)\n/);
    for (const part of [
      "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
      "x-twilio-signature",
      "an HMAC-SHA1, in base64, of the URL as registered, the form fields in sorted order",
      "url: The URL exactly as it is registered",
      "  1. Enter the URL of this source",
      "posthorn sources create --name twilio --provider twilio --param url=",
    ])
      expect(out).toContain(part);
    expect(out).not.toContain("experimental");
  });

  test.each(providers.map(({ id }) => id))("%s prints nothing that acts on a terminal", async (id) => {
    const { exit, out } = await run(["providers", "show", id]);
    expect(exit).toBe(0);
    expect(out).not.toMatch(UNSAFE_OUTPUT);
    expect(out).toContain("Set it up");
  });

  test("marks what is experimental", async () => {
    const { id } = providers.find(({ experimental }) => experimental === true)!;
    expect((await run(["providers", "show", id])).out).toContain("experimental: from memory");
  });

  test("shows where the secret is, where the record says so", async () => {
    const github = providers.find(({ id }) => id === "github")!;
    const before = github.secretHint;
    Object.assign(github, { secretHint: "It is in a drawer of this test." });
    try {
      expect((await run(["providers", "show", "github"])).out).toContain("Where the secret is\n  It is in a drawer of this test.");
    } finally {
      if (before === undefined) delete (github as { secretHint?: string }).secretHint;
      else Object.assign(github, { secretHint: before });
    }
  });

  test.each(["Stripe", "STRIPE", "Amazon SNS", "amazon sns"])("finds %j by name, in any case", async (name) => {
    expect((await run(["providers", "show", name])).exit).toBe(0);
  });

  test("--json is the record with its words", async () => {
    const { out } = await run(["providers", "show", "stripe", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ ...providers.find(({ id }) => id === "stripe"), words: { scheme: "HMAC-SHA256 with time" } });
  });

  test.each<[string, string]>([
    ["gitbub", "Did you mean github or gitlab?"],
    ["strip", "Did you mean stripe?"],
    ["whatsapp", "Did you mean meta?"],
    ["xyzzy", 'See all of them with "posthorn providers list".'],
  ])("an unknown name %j gets the closest ones", async (name, hint) => {
    const { exit, out, err } = await run(["providers", "show", name]);
    expect({ exit, out }).toEqual({ exit: 4, out: "" });
    expect(err).toContain(`There is no provider "${name}". ${hint}`);
  });
});
