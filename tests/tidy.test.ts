// Style as a test: what the house promises about its own files, and no linter can hold. The rules have tests of their own.
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { settingDocs } from "../src/config.ts";
import { ERRORS } from "../src/errors.ts";
import { ROUTES } from "../src/http/routes.ts";
import { providers } from "../sdk/src/index.ts";
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
} from "./tidy/rules.ts";
import { exists, files, foldersOf, pages, read, sources, tests } from "./tidy/tree.ts";

/** Every port, and the folder whose suite is run on each of its adapters. */
const PORTS: Readonly<Record<string, { suite: string; adapters: string[] }>> = {
  "src/store/store.ts": { suite: "tests/contract", adapters: ["src/store/sqlite/index.ts", "src/store/postgres/index.ts"] },
  "src/store/cluster.ts": { suite: "tests/contract", adapters: ["src/store/postgres/index.ts"] },
  "src/store/archive.ts": { suite: "tests/contract", adapters: ["src/store/sqlite/archive.ts", "src/store/postgres/archive.ts"] },
  "src/outbound/transport.ts": { suite: "tests/outbound", adapters: ["src/outbound/http.ts"] },
};

const product = sources.filter((file) => file.startsWith("src/") && !file.endsWith(".test.ts"));

function where(list: readonly string[], isBad: (text: string, file: string) => boolean): string[] {
  return list.filter((file) => isBad(read(file), file));
}

describe("source files", () => {
  test("open with one line of purpose", () => {
    expect(where(sources, (text) => !opensWithPurpose(text))).toEqual([]);
  });

  test("and pages hold no notes to oneself", () => {
    expect(where([...sources, ...pages], (text) => leftovers(text).length > 0)).toEqual([]);
  });

  test("go through the doors for time and chance", () => {
    expect(where(product, (text, file) => !file.startsWith("src/system/") && sideDoors(text).length > 0)).toEqual([]);
  });

  test("keep heavy modules in their rooms", () => {
    expect(where(product, (text, file) => strayImports(file, text).length > 0)).toEqual([]);
  });

  test("have names that say something", () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|manager|misc)([./]|$)/.test(file))).toEqual([]);
  });

  test("assert something when they are tests", () => {
    // A suite that runs on several adapters stands in a file that its tests import.
    expect(where(tests, (_text, file) => !reachable(file).map(read).some(asserts))).toEqual([]);
  });
});

describe("tables and their documents say the same:", () => {
  test("folders of src and ARCHITECTURE.md", () => {
    const named = read("ARCHITECTURE.md").matchAll(/^\| `src\/([\w-]+)\/` +\|/gm);
    expect(
      difference(
        foldersOf("src"),
        [...named].map((match) => match[1]!),
        ["src/", "ARCHITECTURE.md"],
      ),
    ).toEqual([]);
  });

  test("settings and docs/configuration.md", () => {
    const settings = [...settingDocs("server"), ...settingDocs("client"), ...settingDocs("archive")].map(({ env }) => env);
    const named = read("docs/configuration.md").matchAll(/^\| `(POSTHORN_\w+)`/gm);
    expect(
      difference(
        settings,
        [...named].map((match) => match[1]!),
        ["src/config.ts", "docs/configuration.md"],
      ),
    ).toEqual([]);
  });

  test("errors and docs/errors.md", () => {
    const named = read("docs/errors.md").matchAll(/^## (\w+)$/gm);
    expect(
      difference(
        Object.keys(ERRORS),
        [...named].map((match) => match[1]!),
        ["src/errors.ts", "docs/errors.md"],
      ),
    ).toEqual([]);
  });

  test("routes and docs/openapi.json", () => {
    const { paths } = JSON.parse(read("docs/openapi.json")) as { paths: Record<string, Record<string, unknown>> };
    const named = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
    expect(
      difference(
        ROUTES.map(({ method, path }) => `${method} ${path}`),
        named,
        ["src/http/routes.ts", "docs/openapi.json"],
      ),
    ).toEqual([]);
  });

  test("providers and their files", () => {
    const named = foldersAndFiles("sdk/src/providers").filter((name) => name !== "index" && !name.endsWith(".test"));
    expect(
      difference(
        providers.map(({ id }) => id),
        named,
        ["the list of providers", "sdk/src/providers/"],
      ),
    ).toEqual([]);
    expect(JSON.parse(JSON.stringify(providers))).toEqual(providers);
  });
});

describe.each(Object.entries(PORTS))("the port %s", (port, { suite, adapters }) => {
  const suiteFiles = sources.filter((file) => file.startsWith(`${suite}/`));

  test("has a contract suite", () => {
    expect(suiteFiles.some((file) => file.endsWith(".test.ts"))).toBe(true);
    expect(suiteFiles.some((file) => importedFiles(file, read(file)).includes(port))).toBe(true);
  });

  test.each(adapters)("whose tests open the adapter %s", (adapter) => {
    const openers = sources.filter((file) => file.startsWith("tests/") && importedFiles(file, read(file)).includes(adapter));
    const reached = suiteFiles.flatMap(reachable);
    expect(openers.filter((file) => reached.includes(file))).not.toEqual([]);
  });
});

describe.each(pages)("%s", (page) => {
  const markdown = read(page);

  test("has one title", () => {
    expect(titles(markdown)).toHaveLength(1);
  });

  test("links to files that exist", () => {
    expect(linkedFiles(page, markdown).filter((target) => !exists(target))).toEqual([]);
  });

  test("names paths that exist", () => {
    expect(namedPaths(markdown).filter((path) => !exists(path))).toEqual([]);
  });
});

test("every code block of the README is run by tests/readme.test.ts, or says that it is text", () => {
  expect(fences(read("README.md")).filter(({ language }) => !["bash", "text", "mermaid"].includes(language))).toEqual([]);
});

/** A test file and the files of tests/ that it imports, at any distance. */
function reachable(file: string): string[] {
  const found = new Set([file]);
  for (const one of found) {
    for (const next of importedFiles(one, read(one))) if (next.startsWith("tests/") && exists(next)) found.add(next);
  }
  return [...found];
}

function foldersAndFiles(folder: string): string[] {
  return files.filter((file) => posix.dirname(file) === folder).map((file) => posix.basename(file, ".ts"));
}
