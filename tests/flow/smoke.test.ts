// smoke
import { expect, it } from "vitest";
import { createTestFlow } from "../kit/flow.ts";
it("delivers", async () => {
  const t = await createTestFlow();
  await t.addReceiver();
  const event = await t.publish();
  await t.rest();
  expect(t.transport.sent).toHaveLength(1);
  expect((await t.deliveryOf(event)).state).toBe("delivered");
  await t.restart("crash");
  await t.publish();
  await t.rest();
  expect(t.transport.sent).toHaveLength(2);
  await t.restart("stop");
  await t.dispose();
});
