// What the README of the SDK says is run: each block as it stands, with what its comments say it prints.
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { runInThisContext } from "node:vm";
import { describe, expect, test } from "vitest";
import github from "@posthorn/sdk/providers/github";
import * as sdk from "@posthorn/sdk";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
const modules: Readonly<Record<string, object>> = { "@posthorn/sdk": sdk, "@posthorn/sdk/providers/github": { default: github } };

type Exports = Record<string, (...given: unknown[]) => unknown>;

/** A module as a function: what it imports is asked for, what it exports is answered. */
async function run(block: string): Promise<{ exports: Exports; printed: string[] }> {
  const names = [...block.matchAll(/^export (?:async )?function (\w+)/gm)].map((match) => match[1] ?? "");
  const code = stripTypeScriptTypes(block)
    .replaceAll(/^import (\{[^}]*\}) from ("[^"]+");$/gm, "const $1 = load($2);")
    .replaceAll(/^import (\w+) from ("[^"]+");$/gm, "const { default: $1 } = load($2);")
    .replaceAll(/^export /gm, "");
  const body = runInThisContext(`(async (load, console) => {${code}\nreturn { ${names.join(", ")} };})`) as (
    load: (name: string) => object,
    console: { log(...values: unknown[]): void },
  ) => Promise<Exports>;
  const printed: string[] = [];
  const load = (name: string): object => {
    const module = modules[name];
    if (module === undefined) throw new Error(`The README imports ${name}.`);
    return module;
  };
  const exports = await body(load, { log: (...values) => printed.push(values.flat().map(String).join(", ")) });
  return { exports, printed };
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
      // Where a comment starts with a small letter, it is what is printed.
      for (const [index, line] of said.entries()) {
        const comment = line.split(" // ")[1] ?? "";
        if (/^[a-z]/.test(comment)) expect(printed[index]).toBe(comment);
      }
    },
  );

  test("the handler takes a signed request and turns a forged one away", async () => {
    const { POST } = (await run(blocks[0] ?? "")).exports;
    const { headers } = await sdk.sign({ provider: "github", secret: "a-secret-of-some-length", id: "d1", type: "push", body: "{}" });
    const answer = (body: string): Promise<Response> =>
      Promise.resolve(POST?.(new Request("https://a.test/", { method: "POST", headers, body }))) as Promise<Response>;
    expect(await (await answer("{}")).json()).toEqual({ id: "d1", type: "push" });
    expect((await answer("{ }")).status).toBe(401);
  });
});

test("every provider can be imported alone, from the file it has in the package", () => {
  const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { exports: Record<string, unknown> };
  expect(exports["./providers/*"]).toEqual({ types: "./dist/providers/*.d.ts", import: "./dist/providers/*.js" });
  expect(exports["./providers/index"]).toBeNull();
  expect(github).toBe(sdk.providerById("github"));
});
