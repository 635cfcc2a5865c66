// When lists are read from the replica, and when from the primary.
import { expect, test } from "vitest";
import type { Clock } from "../../system/clock.ts";
import { systemClock } from "../../system/clock.ts";
import type { Statement } from "./connection.ts";
import { createReplica } from "./replica.ts";

const LIST: Statement = { text: "SELECT 1" };

/** A primary and a replica that answer with their own names; the replica can lag and fail. */
function pair() {
  const state = { now: 1_000, lagMs: 0 as number, down: false, cancels: false, asked: 0 };
  const clock: Clock = { now: () => state.now, after: systemClock.after };
  const { queries, lagMs } = createReplica({
    clock,
    primary: { query: () => Promise.resolve([["primary"]]) },
    replica: {
      query({ name }) {
        state.asked += 1;
        if (state.down || (state.cancels && name === undefined)) return Promise.reject(new Error("gone"));
        return Promise.resolve(name === undefined ? [["replica"]] : [[state.lagMs]]);
      },
    },
  });
  return { state, lagMs, who: async () => (await queries.query(LIST))[0]![0] };
}

test("the replica answers while it is level, and its lag is known", async () => {
  const { state, lagMs, who } = pair();
  expect(await who()).toBe("replica");
  expect(lagMs()).toBe(0);
  state.lagMs = 12_345;
  state.now += 1_000;
  expect(await who()).toBe("replica");
  expect(lagMs()).toBe(12_345);
});

test("its lag is looked at once a second, also when many lists come at once", async () => {
  const { state, who } = pair();
  await Promise.all(Array.from({ length: 20 }, who));
  expect(state.asked).toBe(21);
  state.now += 999;
  await who();
  expect(state.asked).toBe(22);
});

test("behind by more than its bound, or by nobody knows how much, it leaves lists to the primary until it has caught up", async () => {
  const { state, lagMs, who } = pair();
  for (const lag of [30_001, -1]) {
    state.lagMs = lag;
    state.now += 1_000;
    expect(await who()).toBe("primary");
    expect(lagMs()).toBe(0);
  }
  state.lagMs = 30_000;
  state.now += 1_000;
  expect(await who()).toBe("replica");
});

test("when it is gone the primary answers, and it is not asked again for five seconds", async () => {
  const { state, lagMs, who } = pair();
  expect(await who()).toBe("replica");
  state.down = true;
  expect(await who()).toBe("primary");
  const { asked } = state;
  state.now += 4_999;
  expect(await who()).toBe("primary");
  expect([state.asked, lagMs()]).toEqual([asked, 0]);
  state.down = false;
  state.now += 1;
  expect(await who()).toBe("replica");
});

test("a read that replay cancelled is answered by the primary", async () => {
  const { state, who } = pair();
  expect(await who()).toBe("replica");
  state.cancels = true;
  expect(await who()).toBe("primary");
});
