// What `destinations create` makes of its flags about order.
import { expect, test } from "vitest";
import { run, scriptedServer } from "./rig.ts";

const create = ["destinations", "create", "--name", "d", "--to", "https://receiver.example/"];

test.each([
  [[], undefined],
  [["--order-by", "all"], { kind: "fifo" }],
  [["--order-by", "event", "--on-failure", "skip"], { kind: "fifoByKey", key: "event", onFailure: "skip" }],
  [
    ["--order-by", "json:a.id", "--hold-back", "timestamp", "--hold-back-ms", "500"],
    { kind: "fifoByKey", key: "json:a.id", holdBack: { by: "timestamp", waitMs: 500 } },
  ],
  [
    ["--order-by", "all", "--hold-back", "header:x-n", "--hold-back-ms", "1"],
    { kind: "fifo", holdBack: { by: "sequence", from: "header:x-n", waitMs: 1 } },
  ],
])("%j sends %j", async (flags, ordering) => {
  await using server = await scriptedServer(() => ({ status: 201, json: { id: "dst_1", name: "d", url: "https://receiver.example/" } }));
  const { exit } = await run([...create, ...flags], { environment: server.environment });
  expect(exit).toBe(0);
  expect((server.received[0]!.body as { ordering?: unknown }).ordering).toEqual(ordering);
});

test.each([
  [["--on-failure", "skip"]],
  [["--hold-back", "timestamp", "--hold-back-ms", "5"]],
  [["--order-by", "all", "--hold-back", "timestamp"]],
  [["--order-by", "all", "--hold-back-ms", "5"]],
  [["--order-by", "all", "--on-failure", "stop"]],
  [["--order-by", "all", "--hold-back", "timestamp", "--hold-back-ms", "300001"]],
])("%j is refused before anything is sent", async (flags) => {
  await using server = await scriptedServer(() => ({ json: {} }));
  const { exit } = await run([...create, ...flags], { environment: server.environment });
  expect([exit, server.received.length]).toEqual([2, 0]);
});
