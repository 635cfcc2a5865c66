// Tables are named with their schema, and nothing else is touched.
import { describe, expect, it } from "vitest";
import { createQualifier } from "./names.ts";

const qualify = createQualifier('my"schema');

describe("the qualifier", () => {
  it.each([
    ["SELECT 1 FROM events e JOIN deliveries d ON true", 'SELECT 1 FROM "my""schema".events e JOIN "my""schema".deliveries d ON true'],
    ["INSERT INTO deliveries_done (seq) SELECT 1", 'INSERT INTO "my""schema".deliveries_done (seq) SELECT 1'],
    ["UPDATE leases l SET token = 1", 'UPDATE "my""schema".leases l SET token = 1'],
    ["DELETE FROM undispatched u USING\n events e", 'DELETE FROM "my""schema".undispatched u USING\n "my""schema".events e'],
    ["SELECT nextval('positions')", 'SELECT nextval(\'"my""schema".positions\')'],
    ["SELECT config.doc FROM config", 'SELECT config.doc FROM "my""schema".config'],
    ["ON CONFLICT (key) DO UPDATE SET at = dedupe.at", "ON CONFLICT (key) DO UPDATE SET at = dedupe.at"],
    ["SELECT extract(epoch FROM at), events FROM held", "SELECT extract(epoch FROM at), events FROM held"],
    ["SELECT 1 FROM events_held", "SELECT 1 FROM events_held"],
  ])("%s", (text, qualified) => {
    expect([qualify(text), qualify(text)]).toEqual([qualified, qualified]);
  });
});
