// The names under which schemas appear in the OpenAPI document. Requests and answers are apart: one describes what goes in, the other what comes out.
import { z } from "zod";

export const requestSchemas = z.registry<{ id: string }>();
export const answerSchemas = z.registry<{ id: string }>();

export function requestSchema<T extends z.ZodType>(id: string, schema: T): T {
  requestSchemas.add(schema, { id });
  return schema;
}

export function answerSchema<T extends z.ZodType>(id: string, schema: T): T {
  answerSchemas.add(schema, { id });
  return schema;
}

/** One page of a list. */
export function pageOf<T extends z.ZodType>(id: string, item: T) {
  return answerSchema(
    id,
    z.strictObject({
      data: z.array(item),
      nextCursor: z.string().nullable().describe("Pass as `cursor` for the next page; null at the end."),
    }),
  );
}
