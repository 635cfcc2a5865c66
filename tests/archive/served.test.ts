// A server on the imported store goes on where the old one stopped: pending deliveries at their times, old provider ids known.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { exportStore } from "../../src/archive/export.ts";
import { importStore } from "../../src/archive/import.ts";
import { openSqliteArchive } from "../../src/store/sqlite/archive.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";
import { directory, removeDirectories } from "./bench.ts";

// As tests/kit/flow.ts has it.
const KEY = new Uint8Array(32).fill(7);
let t: TestFlow;
afterEach(async () => {
  await t.dispose();
  removeDirectories();
});

/** Stops the flow, moves its store to another directory, and starts a flow on that. */
async function moveHouse(): Promise<void> {
  await t.stop();
  await t.store.close();
  const [archive, target] = [join(directory(), "archive"), directory()];
  const store = openSqliteArchive({ directory: t.directory, create: false });
  const [random, onProgress] = [systemRandom, () => undefined];
  const keys = { sourceKey: KEY, passphrase: null };
  await exportStore({ store, directory: archive, keys, attempts: true, version: "0.0.0-test", clock: systemClock, random, onProgress });
  await store.close();
  const openTarget = async () => ({ store: openSqliteArchive({ directory: target, create: true }), targetKey: KEY });
  await importStore({ directory: archive, keys, random, onProgress, openTarget });
  // The flow's directory is its own; what is in it is what was imported, and nothing else.
  rmSync(t.directory, { recursive: true });
  cpSync(target, t.directory, { recursive: true });
  await t.restart("crash");
}

it("delivers what waits at its time, retries on schedule, and knows an old provider id", { timeout: 60_000 }, async () => {
  let answers = 503;
  t = await createTestFlow({ respond: () => ({ status: answers }) });
  const source = await t.addSource({ dedupe: { by: "header", name: "x-event-id", windowMs: 7 * 86_400_000 } });
  await t.addReceiver();
  const headers = ["Content-Type", "application/json", "x-event-id", "provider-1"];
  const first = await t.post(source, { headers, body: '{"n":1}' });
  expect(first.kind).toBe("accepted");
  const later = await t.publish({ deliverAt: t.clock.now() + 3_600_000, body: "later" });
  await t.clock.advance(1_000);
  const [failed] = (await t.deliveries()).filter(({ attempts }) => attempts > 0);
  expect(failed).toMatchObject({ state: "waiting", attempts: 1 });
  const before = await t.deliveries();
  const attempts = await t.attempts(failed!.id);
  const sent = t.transport.sent.length;

  answers = 200;
  await moveHouse();
  expect(await t.deliveries()).toEqual(before);
  expect(await t.attempts(failed!.id)).toEqual(attempts);
  expect(await t.post(source, { headers, body: '{"n":1}' })).toMatchObject({ kind: "accepted", duplicate: true, eventId: failed!.eventId });
  expect(t.transport.sent).toHaveLength(sent);

  await t.clock.advance(failed!.nextAttemptAt! - t.clock.now() - 100);
  expect(t.transport.sent).toHaveLength(sent);
  await t.clock.advance(1_000);
  expect(t.transport.sent.at(-1)).toMatchObject({ eventId: failed!.eventId });
  await t.clock.advance(later.deliverAt! - t.clock.now() - 100);
  expect(t.transport.sent).toHaveLength(sent + 1);
  await t.clock.advance(1_000);
  expect(t.transport.sent.at(-1)).toMatchObject({ eventId: later.id });
  expect((await t.deliveries()).map(({ state }) => state)).toEqual(["delivered", "delivered"]);
});

it("goes on with each line where it was, the first of it alone", { timeout: 60_000 }, async () => {
  let failing = /^(a1|b1)$/;
  t = await createTestFlow();
  t.transport.respond = ({ body }) => ({ status: failing.test(body.toString()) ? 500 : 200 });
  const ordering = { kind: "fifoByKey", key: "event", onFailure: "block", holdBack: null } as const;
  await t.addReceiver({ ordering, retry: { scheduleMs: [0, 60_000], jitter: 0 } });
  for (const body of ["a1", "b1", "a2", "b2", "c1", "a3"]) await t.publish({ body, key: body[0]! });
  await t.clock.advance(1_000);
  const sent = () => t.transport.sent.map(({ body }) => body.toString());
  expect(sent().toSorted()).toEqual(["a1", "b1", "c1"]);
  const before = await t.deliveries();

  await moveHouse();
  expect(await t.deliveries()).toEqual(before);
  failing = /^b1$/;
  await t.clock.advance(58_000);
  expect(sent()).toHaveLength(3);
  await t.publish({ body: "a4", key: "a" });
  await t.clock.advance(3_000);
  const after = sent().slice(3);
  expect(after.filter((body) => body.startsWith("a"))).toEqual(["a1", "a2", "a3", "a4"]);
  // The schedule of b1 has ended with its second attempt, which lets b2 go.
  expect(after.filter((body) => body.startsWith("b"))).toEqual(["b1", "b2"]);
});
