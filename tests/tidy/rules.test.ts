// The tidy test's own tests: each rule sees the bad text it is for, and leaves good text alone.
import { describe, expect, test } from "vitest";
import {
  asserts,
  difference,
  fences,
  importedFiles,
  leftovers,
  linkedFiles,
  namedPaths,
  opensWithPurpose,
  sideDoors,
  strayImports,
  titles,
} from "./rules.ts";

describe("source files", () => {
  test("open with a purpose", () => {
    expect(opensWithPurpose("// Signs what is sent.\nimport x")).toBe(true);
    expect(opensWithPurpose("#!/usr/bin/env node\n// The command's entry.\n")).toBe(true);
    expect(opensWithPurpose('import { x } from "./x.ts";\n// Signs what is sent.')).toBe(false);
    expect(opensWithPurpose("//\n// Signs what is sent.")).toBe(false);
    expect(opensWithPurpose("")).toBe(false);
  });

  test("hold no notes to oneself", () => {
    const [first, second] = ["TO".concat("DO"), "FIX".concat("ME")];
    expect(leftovers(`// ${first}: later\n// ${second}`)).toEqual([first, second]);
    expect(leftovers("const todoList = mastodon;")).toEqual([]);
  });

  test("go through the doors of src/system", () => {
    expect(sideDoors("const now = new Date();")).toEqual(["new Date()"]);
    expect(sideDoors('import { randomBytes } from "node:crypto";')).toEqual(["randomBytes"]);
    expect(sideDoors('import { setTimeout } from "node:timers/promises";')).toEqual(['"node:timers/promises"']);
    expect(sideDoors("// new Date() would not do\nnew Date(event.receivedAt)")).toEqual([]);
  });

  test("keep heavy modules in their rooms", () => {
    expect(strayImports("src/flow/send.ts", 'import { request } from "undici";')).toEqual(["undici"]);
    expect(strayImports("src/flow/send.ts", 'const { z } = await import("zod");')).toEqual(["zod"]);
    expect(strayImports("src/outbound/http.ts", 'import { request } from "undici";')).toEqual([]);
    expect(strayImports("src/flow/send.ts", 'import type {\n  z,\n} from "zod";')).toEqual([]);
    expect(strayImports("src/flow/send.ts", 'import { join } from "node:path";')).toEqual([]);
  });

  test("import files whose paths are worked out", () => {
    expect(importedFiles("tests/a/b.ts", 'import type { S } from "../../src/store/store.ts";\nexport * from "./c.ts";')).toEqual([
      "src/store/store.ts",
      "tests/a/c.ts",
    ]);
  });

  test("assert something when they are tests", () => {
    expect(asserts("expect(1).toBe(1)")).toBe(true);
    expect(asserts("expectTypeOf<A>().toEqual()") && asserts("assert.equal(1, 1)") && asserts("expect.soft(1)")).toBe(true);
    expect(asserts('test("nothing", () => { run(); })')).toBe(false);
  });
});

describe("pages", () => {
  const page = [
    "# One",
    "See [two](two.md#part) and [it](https://example.test/x.md), [here](#one).",
    "```bash",
    "# not a title",
    "[no](link.md) `src/no`",
    "```",
    "`src/core/` and `src/<folder>/x.ts` and `sdk/src/index.ts`",
  ].join("\n");

  test("have titles outside of code only", () => {
    expect(titles(page)).toEqual(["# One"]);
    expect(titles("# One\n\n# Two")).toHaveLength(2);
  });

  test("link to files, seen from their own folder", () => {
    expect(linkedFiles("docs/page.md", page)).toEqual(["docs/two.md"]);
  });

  test("name paths of code", () => {
    expect(namedPaths(page)).toEqual(["src/core", "sdk/src/index.ts"]);
  });

  test("have fences with a language", () => {
    expect(fences("```bash server\nnpm start\n```\n```\nplain\n```")).toEqual([
      { language: "bash", note: "server", text: "npm start\n" },
      { language: "", note: "", text: "plain\n" },
    ]);
    expect(fences(page)).toEqual([{ language: "bash", note: "", text: "# not a title\n[no](link.md) `src/no`\n" }]);
  });
});

test("a difference says which side lacks what", () => {
  expect(difference(["a", "b"], ["b", "c"], ["code", "docs"])).toEqual(["a: in code, not in docs", "c: in docs, not in code"]);
  expect(difference(["a"], ["a"], ["code", "docs"])).toEqual([]);
});
