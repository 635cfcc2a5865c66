// Which commands a state allows.
import { describe, expect, it } from "vitest";
import { canCancel, canRetry, type DeliveryState } from "./delivery.ts";

describe("a delivery", () => {
  it.each<[DeliveryState, boolean, boolean]>([
    ["waiting", true, true],
    ["delivered", true, false],
    ["dead", true, false],
    ["cancelled", false, false],
  ])("that is %s: retry %s, cancel %s", (state, retry, cancel) => {
    expect([canRetry(state), canCancel(state)]).toEqual([retry, cancel]);
  });
});
