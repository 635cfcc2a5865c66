// The table of routes, openapi.json and the table of errors say the same.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { buildOpenApi, problemCodes } from "../../src/http/openapi.ts";
import { ROUTES } from "../../src/http/routes.ts";

const src = fileURLToPath(new URL("../../src", import.meta.url));

interface Operation {
  operationId: string;
  summary: string;
  responses: Record<string, unknown>;
  security?: unknown[];
  requestBody?: unknown;
  parameters: { name: string; in: string; schema: unknown }[];
}
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; responses: Record<string, unknown> };
};

const openApi = JSON.parse(JSON.stringify(buildOpenApi(ROUTES, "1.2.3"))) as Document;

describe("openapi.json", () => {
  test("is the table, no more and no less", () => {
    const described = Object.entries(openApi.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
    expect(openApi.openapi).toBe("3.1.0");
  });

  test("gives every operation an id of its own, its answers, its problems and its parameters", () => {
    const ids = ROUTES.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const route of ROUTES) {
      const operation = openApi.paths[route.path]![route.method.toLowerCase()]!;
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary).not.toBe("");
      const promised = Object.keys(route.shapes).filter((key) => key.startsWith("2"));
      const problems = problemCodes(route).map((code) => String(ERRORS[code].status));
      expect(Object.keys(operation.responses).toSorted()).toEqual([...new Set([...promised, ...problems])].toSorted());
      expect(operation.requestBody !== undefined).toBe(route.shapes.body !== undefined);
      expect(operation.security === undefined).toBe(route.scope !== null);
      expect(operation.parameters.some((parameter) => parameter.in === "path")).toBe(route.path.includes("{id}"));
    }
  });

  test("holds every schema it refers to, and refers to every schema it holds", () => {
    const text = JSON.stringify(openApi);
    const used = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]!));
    expect([...used].toSorted()).toEqual(Object.keys(openApi.components.schemas).toSorted());
    expect(Object.keys(openApi.components.responses).toSorted()).toEqual(Object.keys(ERRORS).toSorted());
    expect(text).not.toContain("$schema");
  });

  test("describes limits and times as callers write them", () => {
    const limit = openApi.paths["/v1/events"]!["get"]!.parameters.find(({ name }) => name === "limit")!;
    expect(limit.schema).toEqual({ type: "integer", minimum: 1, maximum: 250, default: 50 });
    const since = openApi.paths["/v1/events"]!["get"]!.parameters.find(({ name }) => name === "since")!;
    expect(since.schema).toMatchObject({ type: "string", format: "date-time" });
  });
});

describe("the error table", () => {
  test("has no code that nothing answers with", () => {
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && file !== "errors.ts" && !file.endsWith("openapi.ts"),
    );
    const text = files.map((file) => readFileSync(join(src, file), "utf8")).join("\n");
    expect(Object.keys(ERRORS).filter((code) => !text.includes(`"${code}"`))).toEqual([]);
  });

  test("says what to do in whole sentences", () => {
    for (const { title, doc, status } of Object.values(ERRORS)) {
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(doc).toMatch(/^[A-Z`].*\.$/);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});
