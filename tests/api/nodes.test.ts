// The list of nodes where there is only one, and roles that one process can't leave to others.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
beforeAll(async () => {
  app = await startFixture({ POSTHORN_NODE_NAME: "alone" });
});
afterAll(() => app.close());

test("200 with the one process, which holds everything", async () => {
  const { status, body } = await app.get("/v1/nodes");
  expect(status).toBe(200);
  expect(body.data).toMatchObject([{ name: "alone", roles: ["ingest", "api", "worker"], here: true, shards: 64 }]);
});

test("a store of one's own takes all roles, and the start says so", async () => {
  await expect(startFixture({ POSTHORN_ROLES: "ingest,api" })).rejects.toThrow(/^POSTHORN_ROLES .*POSTHORN_DATABASE_URL/);
});
