// Commands that start jobs: what they ask, and what they print for people and programs.
import { describe, expect, test } from "vitest";
import { NOW, run, scriptedServer } from "./rig.ts";

const job = (kind: string, counts: object) => ({
  id: "job_1",
  kind,
  status: "finished",
  filter: {},
  ratePerSecond: null,
  progress: 1,
  deliveriesTotal: 9,
  message: null,
  createdAt: new Date(NOW).toISOString(),
  updatedAt: new Date(NOW).toISOString(),
  finishedAt: new Date(NOW).toISOString(),
  ...counts,
});

describe("what is asked", () => {
  test.each([
    [
      ["recover", "--destination", "dst_1", "--since", "1h", "--include-waiting", "--rate", "20"],
      { kind: "recover", filter: { destinationId: "dst_1", since: "2026-11-21T11:00:00.000Z", includeWaiting: true }, ratePerSecond: 20 },
    ],
    [
      ["recover", "--tenant", "acme", "--type", "invoice.*", "--until", "2026-11-20T00:00:00Z"],
      { kind: "recover", filter: { tenantId: "acme", type: "invoice.*", until: "2026-11-20T00:00:00.000Z" } },
    ],
    [
      ["cancel-deliveries", "--job", "job_7", "--source", "src_1", "--subscription", "sub_1"],
      { kind: "cancel", filter: { jobId: "job_7", sourceId: "src_1", subscriptionId: "sub_1" } },
    ],
    [["replay", "--missing", "--destination", "dst_1"], { kind: "replay", filter: { missing: true, destinationId: "dst_1" } }],
  ])("jobs %j", async (argv, body) => {
    await using server = await scriptedServer(() => ({ status: 201, json: job("recover", { deliveriesRecovered: 2 }) }));
    const { exit } = await run(["jobs", ...argv], { environment: server.environment });
    expect([exit, server.received.map(({ method, url }) => `${method} ${url}`)]).toEqual([0, ["POST /v1/jobs"]]);
    expect(server.received[0]!.body).toEqual(body);
  });
});

describe("what is printed", () => {
  test.each([
    [["recover", "--since", "1d"], "It would recover 9 deliveries. Nothing was done.\n"],
    [["cancel-deliveries", "--source", "src_1"], "It would cancel 9 deliveries. Nothing was done.\n"],
  ])("of a dry run of jobs %j", async (argv, text) => {
    await using server = await scriptedServer(() => ({ json: { dryRun: true, deliveries: 9 } }));
    const { out } = await run(["jobs", ...argv, "--dry-run"], { environment: server.environment });
    expect(out).toBe(text);
    expect(server.received[0]!.body).toMatchObject({ dryRun: true });
    const json = await run(["jobs", ...argv, "--dry-run", "--json"], { environment: server.environment });
    expect(JSON.parse(json.out)).toEqual({ dryRun: true, deliveries: 9 });
  });

  test("of jobs of each kind in one list", async () => {
    const data = [
      job("replay", { eventsSeen: 3, eventsTotal: 4, deliveriesCreated: 5 }),
      job("recover", { deliveriesRecovered: 6 }),
      job("cancel", { deliveriesCancelled: 7 }),
    ];
    await using server = await scriptedServer(() => ({ json: { data, nextCursor: null } }));
    const { out } = await run(["jobs", "list"], { environment: server.environment });
    const lines = out.split("\n").slice(1, 4);
    expect(lines.map((line) => line.split(/\s{2,}/).slice(1))).toEqual([
      ["replay", "finished", "now", "3 of 4 events (100 %)", "5"],
      ["recover", "finished", "now", "6 of 9 deliveries (100 %)", "6"],
      ["cancel", "finished", "now", "7 of 9 deliveries (100 %)", "7"],
    ]);
  });

  test("of a recovery that is waited for and fails", async () => {
    await using server = await scriptedServer(() => ({ json: { ...job("recover", { deliveriesRecovered: 2 }), status: "failed" } }));
    const { exit, out } = await run(["jobs", "recover", "--source", "src_1", "--wait"], { environment: server.environment });
    expect(exit).toBe(1);
    expect(out).toMatch(/progress\s+2 of 9 deliveries/);
  });

  test("without anything to narrow it, the server's refusal", async () => {
    const problem = { type: "about:blank", title: "Invalid", status: 422, code: "invalid_request", detail: "Name at least one field." };
    await using server = await scriptedServer(() => ({ status: 422, type: "application/problem+json", json: problem }));
    const { exit, err } = await run(["jobs", "cancel-deliveries"], { environment: server.environment });
    expect([exit, server.received[0]!.body]).toEqual([2, { kind: "cancel", filter: {} }]);
    expect(err).toContain("Name at least one field.");
  });
});

test("a subscription can be made with an expiry", async () => {
  await using server = await scriptedServer(() => ({
    status: 201,
    json: { id: "sub_1", sourceId: null, destinationId: "dst_1", eventTypes: [] },
  }));
  await run(["subscriptions", "create", "--destination", "dst_1", "--expire-after-ms", "5000"], { environment: server.environment });
  expect(server.received[0]!.body).toEqual({ destinationId: "dst_1", expireAfterMs: 5000 });
});
