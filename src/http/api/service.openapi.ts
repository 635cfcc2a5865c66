// GET /openapi.json: this API, described from the schemas that validate it.
import { buildOpenApi } from "../openapi.ts";
import { type Answer, type Call, json, type Route } from "../route.ts";

/** Takes the table, because the description of the table is itself a line in it. */
export function openApiRoute(routes: () => readonly Route[]) {
  let document: object | null = null;
  return function getOpenApi({ api, baseUrl }: Call): Answer {
    document ??= buildOpenApi(routes(), api.version);
    return json(200, { ...document, servers: [{ url: baseUrl }] });
  };
}
