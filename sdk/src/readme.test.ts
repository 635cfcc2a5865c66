// What the README of the SDK says is run: each block as it stands, with what its comments say it prints.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { runInThisContext } from "node:vm";
import { describe, expect, test } from "vitest";
import express from "express";
import * as sdk from "@posthorn/sdk";
import { webhook } from "@posthorn/sdk/express";
import github from "@posthorn/sdk/providers/github";
import { listen } from "../tests/fetch-server.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
const blockWith = (text: string): string => blocks.find((block) => block.includes(text)) ?? "";
const secret = "a-secret-of-some-length";

type Exports = Record<string, (...given: unknown[]) => unknown>;

interface Ran {
  readonly exports: Exports;
  readonly printed: string[];
  /** The Express applications it has made. */
  readonly apps: ReturnType<typeof express>[];
  /** What it called besides what it imports. */
  readonly deployed: unknown[];
  readonly warned: unknown[][];
}

/** A module as a function: what it imports is asked for, what it exports is answered. It reaches no network. */
async function run(block: string, fetchStub: (...given: unknown[]) => unknown = noNetwork): Promise<Ran> {
  const names = [...block.matchAll(/^export (?:async )?function (\w+)/gm)].map((match) => match[1] ?? "");
  const code = stripTypeScriptTypes(block)
    .replaceAll(/^import (\{[^}]*\}) from ("[^"]+");/gm, "const $1 = load($2);")
    .replaceAll(/^import (\w+) from ("[^"]+");/gm, "const { default: $1 } = load($2);")
    .replaceAll(/^export /gm, "");
  const [printed, apps, deployed, warned]: [string[], Ran["apps"], unknown[], unknown[][]] = [[], [], [], []];
  const kept = (): Ran["apps"][number] => {
    const app = express();
    apps.push(app);
    return app;
  };
  const modules: Readonly<Record<string, object>> = {
    "@posthorn/sdk": sdk,
    "@posthorn/sdk/express": { webhook },
    "@posthorn/sdk/providers/github": { default: github },
    express: { default: Object.assign(kept, { json: express.json }) },
  };
  const given = {
    load(name: string): object {
      const module = modules[name];
      if (module === undefined) throw new Error(`The README imports ${name}.`);
      return module;
    },
    console: {
      log: (...values: unknown[]) => printed.push(values.flat().map(String).join(", ")),
      warn: (...values: unknown[]) => warned.push(values),
    },
    process: { env: { GITHUB_WEBHOOK_SECRET: secret } },
    deploy: (value: unknown) => deployed.push(value),
    fetch: fetchStub,
  };
  const body = runInThisContext(`(async ({ ${Object.keys(given).join(", ")} }) => {${code}\nreturn { ${names.join(", ")} };})`) as (
    names: typeof given,
  ) => Promise<Exports>;
  const exports = await body(given);
  return { exports, printed, apps, deployed, warned };
}

function noNetwork(): never {
  throw new Error("The README fetches something.");
}

describe("README.md", () => {
  test("has blocks, all of one kind", () => {
    expect(blocks.length).toBeGreaterThan(3);
    expect(readme.match(/^```/gm)).toHaveLength(blocks.length * 2);
  });

  test.each(blocks.map((block) => [block.split("\n").find((line) => !line.startsWith("import") && line !== ""), block]))(
    "%s",
    async (_, block = "") => {
      const { printed } = await run(block);
      const said = block.split("\n").filter((line) => line.includes("console.log("));
      expect(printed).toHaveLength(said.length);
      // Where a comment starts with a small letter or a digit, it is what is printed.
      for (const [index, line] of said.entries()) {
        const comment = line.split(" // ")[1] ?? "";
        if (/^[a-z\d]/.test(comment)) expect(printed[index]).toBe(comment);
      }
    },
  );

  test("the handler takes a signed request and turns a forged one away", async () => {
    const { POST } = (await run(blocks[0] ?? "")).exports;
    const { headers } = await sdk.sign({ provider: "github", secret, id: "d1", type: "push", body: "{}" });
    const answer = (body: string): Promise<Response> =>
      Promise.resolve(POST?.(new Request("https://a.test/", { method: "POST", headers, body }))) as Promise<Response>;
    expect(await (await answer("{}")).json()).toEqual({ id: "d1", type: "push" });
    expect((await answer("{ }")).status).toBe(401);
  });

  test("the Express application hands a signed push on, and warns of a forged one", async () => {
    const { apps, deployed, warned } = await run(blockWith("express()"));
    const server = await listen(apps[0]!);
    try {
      const { headers } = await sdk.sign({ provider: "github", secret, type: "push", body: '{"ref":"main"}' });
      const post = (body: string) => fetch(`${server.url}/hooks/github`, { method: "POST", headers, body });
      expect([(await post('{"ref":"main"}')).status, (await post('{"ref":"evil"}')).status]).toEqual([200, 401]);
      expect(deployed).toEqual([{ ref: "main" }]);
      expect(warned).toEqual([["signature_mismatch", expect.any(String)]]);
    } finally {
      await server.close();
    }
  });

  test("the keyring asks the vendor once, and its key verifies", async () => {
    const [own, other] = [0, 1].map(() => generateKeyPairSync("rsa", { modulusLength: 2048 }));
    const asked: unknown[][] = [];
    const answer = JSON.stringify({ data: { public_key: own!.publicKey.export({ format: "pem", type: "spki" }) } });
    const { POST } = (
      await run(blockWith("createKeyring"), (...given) => {
        asked.push(given);
        return Promise.resolve(new Response(answer));
      })
    ).exports;
    const status = async ({ privateKey }: NonNullable<typeof own>): Promise<number> => {
      const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
      const { headers } = await sdk.sign({ provider: "kick", secret: pem, id: "01J", body: "{}" });
      const reply = await POST?.(new Request("https://a.test/", { method: "POST", headers, body: "{}" }));
      return (reply as Response).status;
    };
    expect([await status(own!), await status(other!), await status(own!)]).toEqual([200, 401, 200]);
    expect(asked).toEqual([
      ["https://api.kick.com/public/v1/public-key", { method: "GET", headers: {}, body: undefined, redirect: "error" }],
    ]);
  });
});

test("every provider can be imported alone, from the file it has in the package", () => {
  const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { exports: Record<string, unknown> };
  expect(exports["./providers/*"]).toEqual({ types: "./dist/providers/*.d.ts", import: "./dist/providers/*.js" });
  expect(exports["./providers/index"]).toBeNull();
  expect(github).toBe(sdk.providerById("github"));
});
