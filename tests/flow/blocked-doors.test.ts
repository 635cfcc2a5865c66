// Destinations that lead inside although they were saved: first attempts, retries, manual retries and replays all stop at the guard.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAddressGuard } from "../../src/outbound/address-guard.ts";
import { createHttpTransport } from "../../src/outbound/http.ts";
import { systemClock } from "../../src/system/clock.ts";
import { blockedAnswer, blockedUrl } from "../kit/blocked-addresses.ts";
import { createTestFlow, type TestFlow } from "../kit/flow.ts";
import { type RawReceiver, startRawReceiver } from "../kit/receiver.ts";

let canary: RawReceiver;
let flow: TestFlow;
let answer: string[] = [];
const transport = createHttpTransport({
  guard: createAddressGuard({ allow: [], allowPlainHttp: true }),
  clock: systemClock,
  resolver: async () => answer,
});

beforeAll(async () => {
  canary = await startRawReceiver(undefined, { host: "::" }).catch(() => startRawReceiver(undefined, { host: "0.0.0.0" }));
  // Saved under other rules than those it is called under: an older version, a wider allow-list, a name that has turned since.
  const lenient = {
    checkUrl: () => ({ ok: true as const, url: new URL("http://example.com/") }),
    exchange: transport.exchange.bind(transport),
    close: () => transport.close(),
  };
  flow = await createTestFlow({ transport: lenient });
});
afterAll(async () => {
  await flow.dispose();
  await transport.close();
  await canary.close();
});

/** Every way a delivery is sent, and the failures of each. */
async function failuresThroughAllDoors(url: string): Promise<string[]> {
  const destination = await flow.addReceiver({ url, retry: { scheduleMs: [0, 1_000], jitter: 0 } });
  const event = await flow.publish();
  await flow.clock.advanceUntil(async () => (await flow.deliveryOf(event)).state === "dead", { stepMs: 500, limitMs: 10_000 });
  const delivery = await flow.deliveryOf(event);
  await flow.retry(delivery.id);
  await flow.rest();
  await flow.replay({ destinationId: destination.id });
  await flow.clock.advanceUntil(async () => (await flow.deliveries({ eventId: event.id })).every(({ state }) => state === "dead"), {
    stepMs: 500,
    limitMs: 20_000,
  });
  const deliveries = await flow.deliveries({ destinationId: destination.id });
  const attempts = (await Promise.all(deliveries.map(({ id }) => flow.attempts(id)))).flat();
  await flow.removeDestination(destination.id);
  return attempts.map(({ result }) => (result.kind === "failure" ? result.failure : `status ${result.status}`));
}

test("any URL of a blocked address, through attempt, retry, manual retry and replay", async () => {
  await fc.assert(
    fc.asyncProperty(blockedUrl(canary.port), async (url) => {
      const failures = await failuresThroughAllDoors(url);
      expect(failures.length).toBeGreaterThanOrEqual(3);
      for (const failure of failures) expect(failure).toBeOneOf(["blocked_address", "invalid_url"]);
    }),
    { numRuns: 15 },
  );
  expect(canary.connections).toBe(0);
});

test("a public name that answers with a blocked address, through the same doors", async () => {
  await fc.assert(
    fc.asyncProperty(blockedAnswer, async (address) => {
      answer = [address];
      const failures = await failuresThroughAllDoors(`http://hooks.example.com:${canary.port}/`);
      expect(failures.length).toBeGreaterThanOrEqual(3);
      expect(new Set(failures)).toEqual(new Set(["blocked_address"]));
    }),
    { numRuns: 15 },
  );
  expect(canary.connections).toBe(0);
});
