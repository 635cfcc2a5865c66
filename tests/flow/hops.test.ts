// Loop protection: every delivery says how often its event has been passed on, and the fourth time it stays.
import { afterEach, describe, expect, test } from "vitest";
import { diagnoseAttempt } from "../../src/core/attempt-diagnosis.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";

let t: TestFlow;
afterEach(() => t.dispose());

async function deliver(headers: string[]): Promise<void> {
  t = await createTestFlow();
  const source = await t.addSource();
  await t.addReceiver();
  await t.post(source, { headers });
  await t.rest();
}

describe("posthorn-hops", () => {
  test.each<[string[], string]>([
    [[], "1"],
    [["posthorn-hops", "1"], "2"],
    [["Posthorn-Hops", "2"], "3"],
    [["posthorn-hops", "0", "POSTHORN-HOPS", "2", "posthorn-hops", "1"], "3"],
    [["posthorn-hops", "many"], "1"],
    [["posthorn-hops", "-5"], "1"],
    [["posthorn-hops", ""], "1"],
    [["x-posthorn-hops", "9"], "1"],
  ])("%j goes on as %s, once", async (headers, sent) => {
    await deliver(headers);
    expect(t.transport.sent.map((one) => one.headers.filter((_, i, all) => all[i - 1] === "posthorn-hops"))).toEqual([[sent]]);
  });

  test.each([["3"], ["4"], ["999999999"]])("%s is not passed on: the delivery is dead at once, with its reason", async (hops) => {
    await deliver(["posthorn-hops", hops]);
    expect(t.transport.sent).toEqual([]);
    const [delivery] = await t.deliveries();
    expect(delivery).toMatchObject({ state: "dead", attempts: 1, nextAttemptAt: null, reason: expect.stringContaining("loop") });
    const [attempt] = await t.attempts(delivery!.id);
    expect(attempt).toMatchObject({ result: { kind: "failure", failure: "loop" } });
    expect(diagnoseAttempt(attempt!)).toMatchObject({ owner: "destination", fix: expect.stringContaining("leads back") });
  });
});
