// What the API says and takes of the order of deliveries, on a whole app with a real receiver.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../kit/receiver.ts";
import { eventually, fieldsOf, type Fixture, startFixture } from "./fixture.ts";

let app: Fixture;
let receiver: Receiver;
beforeAll(async () => {
  [app, receiver] = await Promise.all([
    startFixture(),
    startReceiver({ respond: ({ url }) => ({ status: url.startsWith("/fails") ? 500 : 200 }) }),
  ]);
});
afterAll(() => Promise.all([app.close(), receiver.close()]));

const make = (ordering?: unknown) =>
  app.post("/v1/destinations", {
    name: "d",
    type: "http",
    url: `${receiver.url}/ok`,
    signature: { kind: "none" },
    ...(ordering === undefined ? {} : { ordering }),
  });

describe("ordering of a destination", () => {
  test("201 unordered by default, and with what was given or left out", async () => {
    expect((await make()).body.ordering).toEqual({ kind: "unordered" });
    expect((await make({ kind: "fifo" })).body.ordering).toEqual({ kind: "fifo", onFailure: "block", holdBack: null });
    expect((await make({ kind: "fifoByKey" })).body.ordering).toEqual({
      kind: "fifoByKey",
      key: "event",
      onFailure: "block",
      holdBack: null,
    });
    const whole = {
      kind: "fifoByKey",
      key: "json:data.object.id",
      onFailure: "skip",
      holdBack: { by: "sequence", from: "header:x-sequence", waitMs: 300_000 },
    };
    const { body } = await make(whole);
    expect(body.ordering).toEqual(whole);
    expect((await app.get(`/v1/destinations/${body.id}`)).body.ordering).toEqual(whole);
    const changed = await app.call("PATCH", `/v1/destinations/${body.id}`, { body: { ordering: { kind: "fifo", onFailure: "skip" } } });
    expect(changed.body.ordering).toEqual({ kind: "fifo", onFailure: "skip", holdBack: null });
    const renamed = await app.call("PATCH", `/v1/destinations/${body.id}`, { body: { name: "e" } });
    expect(renamed.body.ordering).toEqual({ kind: "fifo", onFailure: "skip", holdBack: null });
  });

  const timestamp = (waitMs: number) => ({ kind: "fifo", holdBack: { by: "timestamp", waitMs } });
  test.each([
    [{ kind: "lifo" }, "ordering.kind"],
    [{ kind: "fifoByKey", key: "data.id" }, "ordering.key"],
    [{ kind: "fifoByKey", key: "json:a..b" }, "ordering.key"],
    [{ kind: "fifoByKey", key: "header:a b" }, "ordering.key"],
    [{ kind: "fifo", key: "event" }, "ordering.key"],
    [{ kind: "unordered", onFailure: "skip" }, "ordering.onFailure"],
    [{ kind: "fifo", onFailure: "stop" }, "ordering.onFailure"],
    [timestamp(0), "ordering.holdBack.waitMs"],
    [timestamp(300_001), "ordering.holdBack.waitMs"],
    [{ kind: "fifo", holdBack: { by: "sequence", waitMs: 5 } }, "ordering.holdBack.from"],
    [{ kind: "fifo", holdBack: { by: "sequence", from: "event", waitMs: 5 } }, "ordering.holdBack.from"],
    ["fifo", "ordering"],
  ])("422 for %j at %s", async (ordering, path) => {
    const reply = await make(ordering);
    expect([reply.status, fieldsOf(reply)]).toEqual([422, [path]]);
  });
});

describe("a delivery in an order", () => {
  test("says its key, and what blocks it until that has ended", async () => {
    const ordering = { kind: "fifoByKey", key: "json:account" };
    const { source, destination } = await app.pipe(`${receiver.url}/fails`, { destination: { ordering } });
    const listed = async (count: number) =>
      (
        await eventually(
          () => app.get(`/v1/deliveries?destinationId=${destination.id}`),
          (reply) => reply.body.data.length === count && reply.body.data[count - 1].attemptCount === 1,
        )
      ).body.data.toReversed();
    await app.ingest(source.url, '{"account":"a"}');
    await listed(1);
    await app.ingest(source.url, '{"account":"a"}');
    await app.ingest(source.url, '{"other":1}');
    const [first, second, plain] = await listed(3);
    expect([first.orderKey, second.orderKey, plain.orderKey]).toEqual(["a", "a", null]);
    expect(second).toMatchObject({
      status: "waiting",
      attemptCount: 0,
      late: false,
      reason: expect.stringMatching(/^Blocked by an earlier/),
    });
    const detail = await app.get(`/v1/deliveries/${second.id}`);
    expect(detail.body.reason).toBe(`Blocked by ${first.id}, which comes before it in the order of the destination.`);
    expect((await app.get(`/v1/deliveries/${first.id}`)).body.reason).toMatch(/500/);

    expect((await app.post(`/v1/deliveries/${first.id}/cancel`, undefined)).status).toBe(202);
    const freed = await eventually(
      () => app.get(`/v1/deliveries/${second.id}`),
      (reply) => reply.body.attemptCount === 1,
    );
    expect(freed.body.reason).toMatch(/500/);
  });

  test("202 for a retry of one that had its turn, which says that it is late", async () => {
    const { source, destination } = await app.pipe(receiver.url, { destination: { ordering: { kind: "fifo" } } });
    await app.ingest(source.url, "{}");
    const delivered = () => app.get(`/v1/deliveries?destinationId=${destination.id}&status=delivered`);
    const [delivery] = (await eventually(delivered, (reply) => reply.body.data.length === 1)).body.data;
    expect(delivery).toMatchObject({ orderKey: "", late: false });
    const reply = await app.post(`/v1/deliveries/${delivery.id}/retry`, undefined);
    expect([reply.status, reply.body.late]).toEqual([202, true]);
    const again = await eventually(delivered, (page) => page.body.data[0]?.attemptCount === 2);
    expect(again.body.data[0]).toMatchObject({ status: "delivered", late: true });
  });
});
