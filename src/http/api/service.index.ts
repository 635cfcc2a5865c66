// GET /: what runs here and where to look next.
import { type Answer, type Call, json } from "../route.ts";

export function getIndex({ api }: Call): Answer {
  return json(200, {
    name: "posthorn",
    version: api.version,
    ingest: "/in/{token}",
    api: "/v1",
    openapi: "/openapi.json",
    health: ["/livez", "/readyz"],
    metrics: "/metrics",
    docs: "README.md and docs/ of the posthorn package",
  });
}
