// Delivery: Posthorn from committed events to committed attempts, against a bare undici loop; interleaved in one run.
import type { DeliveryPlan } from "./delivery-posthorn.ts";
import { runJson, startScript } from "./processes.ts";
import { median, ratioRow } from "./report.ts";

const CONNECTIONS = 64;
const BODY_BYTES = 1024;

interface FloorResult {
  perSecond: number;
}

interface PosthornResult extends FloorResult {
  delivered: number;
  cpuMicrosPerDelivery: number;
}

export interface DeliveryReport {
  rounds: { floorPerSecond: number; posthornPerSecond: number; ratio: number; cpuMicrosPerDelivery: number }[];
  ratio: number;
}

/** With a database, on PostgreSQL. */
export async function benchDelivery(options: { rounds: number; requests: number; database?: string }): Promise<DeliveryReport> {
  const receiver = await startScript("receiver.ts");
  const { requests, database = null } = options;
  const url = `http://127.0.0.1:${receiver.port}/`;
  const plan: DeliveryPlan = { url, requests, connections: CONNECTIONS, bodyBytes: BODY_BYTES, database };
  await runJson<FloorResult>("delivery-floor.ts", { ...plan, requests: Math.ceil(options.requests / 4) });
  const rounds: DeliveryReport["rounds"] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const bare = await runJson<FloorResult>("delivery-floor.ts", plan);
    const ours = await runJson<PosthornResult>("delivery-posthorn.ts", plan);
    if (ours.delivered !== options.requests)
      throw new Error(`${ours.delivered} of ${options.requests} deliveries are recorded as delivered`);
    rounds.push({
      floorPerSecond: bare.perSecond,
      posthornPerSecond: ours.perSecond,
      ratio: ours.perSecond / bare.perSecond,
      cpuMicrosPerDelivery: ours.cpuMicrosPerDelivery,
    });
    console.log(ratioRow("delivery", round, bare.perSecond, ours.perSecond));
  }
  await receiver.stop();
  return { rounds, ratio: median(rounds.map((row) => row.ratio)) };
}
