// OpenAPI 3.1 from the table of routes and the schemas that validate them.
import { z } from "zod";
import { ERRORS, type ErrorCode } from "../errors.ts";
import { PROBLEM_CONTENT_TYPE } from "./problem.ts";
import type { AnswerShape, Route } from "./route.ts";
import { answerSchemas, requestSchemas } from "./schemas/registry.ts";

type Json = Record<string, unknown>;

export function buildOpenApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const one of routes) {
    const item = (paths[one.path] ??= {});
    item[one.method.toLowerCase()] = operationOf(one);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Posthorn",
      version,
      description:
        "Webhooks in both directions. Lists answer `{data, nextCursor}`; errors are RFC 9457 problems; times are RFC 3339; every POST takes an `Idempotency-Key`.",
    },
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "An API key: `Authorization: Bearer phk_…`." } },
      schemas: { ...componentsOf(requestSchemas, "input"), ...componentsOf(answerSchemas, "output") },
      responses: Object.fromEntries(Object.keys(ERRORS).map((code) => [code, problemResponse(code as ErrorCode)])),
    },
  };
}

/** Statuses of problems a route can answer, each with the codes behind it. */
export function problemCodes(one: Route): ErrorCode[] {
  const codes: ErrorCode[] = ["internal", "store_unavailable"];
  if (one.scope !== null) codes.push("missing_key", "wrong_key", "scope_missing");
  if (one.path.includes("{id}")) codes.push("not_found");
  if (one.shapes.query !== undefined) codes.push("invalid_cursor", "invalid_request");
  if (one.method === "POST" || one.method === "PATCH")
    codes.push("invalid_json", "body_too_large", "unsupported_media_type", "invalid_request");
  if (one.method === "POST") codes.push("invalid_idempotency_key", "idempotency_conflict", "wrong_state");
  if (one.method === "DELETE") codes.push("in_use");
  if (one.operationId === "tail") codes.push("too_many_listeners");
  return [...new Set(codes)];
}

function operationOf(one: Route): Json {
  const { shapes, method, path } = one;
  const responses: Record<string, Json> = {};
  for (const status of [200, 201, 202, 204] as const) {
    const shape = shapes[status];
    if (shape !== undefined) responses[String(status)] = answerOf(shape, one.summary);
  }
  for (const [type, schema] of Object.entries(shapes.otherTypes ?? {})) {
    (responses["200"]!.content as Json)[type] = { schema: schemaOf(schema, "output") };
  }
  for (const [status, codes] of byStatus(problemCodes(one))) {
    responses[status] = codes.length === 1 ? { $ref: `#/components/responses/${codes[0]}` } : problemsResponse(codes);
  }
  const operation: Json = {
    operationId: one.operationId,
    summary: one.summary,
    description: one.scope === null ? "Needs no API key." : `Needs a key with the scope \`${one.scope}\` or \`admin\`.`,
    tags: [/^\/v1\/([a-z-]+)/.exec(path)?.[1] ?? "service"],
    parameters: parametersOf(one),
    responses,
  };
  if (one.scope === null) operation.security = [];
  if (shapes.body !== undefined) {
    operation.requestBody = {
      required: !shapes.body.safeParse(undefined).success,
      content: { "application/json": { schema: schemaOf(shapes.body, "input") } },
    };
  }
  if (method === "POST" && one.operationId !== "testFilter" && one.operationId !== "previewSchedule") operation["x-idempotent"] = true;
  return operation;
}

function parametersOf({ path, method, shapes }: Route): Json[] {
  const parameters: Json[] = [];
  if (path.includes("{id}")) parameters.push({ name: "id", in: "path", required: true, schema: { type: "string" } });
  if (method === "POST") {
    parameters.push({
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description: "Makes the request repeatable.",
      schema: { type: "string", minLength: 1, maxLength: 255 },
    });
  }
  if (shapes.query === undefined) return parameters;
  const { properties } = z.toJSONSchema(shapes.query, { io: "input", unrepresentable: "any" });
  // What an empty query parses to are the defaults; JSON Schema loses them where the value in the URL is a text.
  const defaults = shapes.query.safeParse({}).data as Json | undefined;
  for (const [name, property] of Object.entries(properties ?? {})) {
    const { description, pattern, ...rest } = property as Json;
    const schema: Json = { ...rest, ...(pattern === undefined || rest.type === "integer" ? {} : { pattern }) };
    if (defaults?.[name] !== undefined) schema.default = defaults[name];
    parameters.push({ name, in: "query", required: false, ...(description === undefined ? {} : { description }), schema });
  }
  return parameters;
}

function answerOf(shape: AnswerShape, description: string): Json {
  if (typeof shape !== "string") return { description, content: { "application/json": { schema: schemaOf(shape, "output") } } };
  switch (shape) {
    case "none":
      return { description };
    case "bytes":
      return { description, content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } } };
    case "text":
      return { description, content: { "text/plain": { schema: { type: "string" } } } };
    case "events":
      return { description, content: { "text/event-stream": { schema: { type: "string" } } } };
  }
}

/** A reference where the schema has a name. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const named = (io === "input" ? requestSchemas : answerSchemas).get(schema);
  if (named !== undefined) return { $ref: refOf(named.id) };
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return json;
}

function componentsOf(registry: typeof requestSchemas, io: "input" | "output"): Json {
  const { schemas } = z.toJSONSchema(registry, { io, uri: refOf, unrepresentable: "any" });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      // Inside a document, components have neither a dialect nor an address of their own.
      const { $schema: _dialect, $id: _address, ...json } = schema;
      return [id, json];
    }),
  );
}

function refOf(id: string): string {
  return `#/components/schemas/${id}`;
}

function byStatus(codes: readonly ErrorCode[]): [string, ErrorCode[]][] {
  const groups = new Map<string, ErrorCode[]>();
  for (const code of codes) {
    const status = String(ERRORS[code].status);
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function problemResponse(code: ErrorCode): Json {
  return problemsResponse([code]);
}

function problemsResponse(codes: readonly ErrorCode[]): Json {
  const description = codes.map((code) => `\`${code}\`: ${ERRORS[code].title}. ${ERRORS[code].doc}`).join("\n\n");
  return { description, content: { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: refOf("Problem") } } } };
}
