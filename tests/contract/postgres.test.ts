// The PostgreSQL adapter under the store contract and the cluster contract.
import { shardOf } from "../../src/core/shard.ts";
import type { Lease } from "../../src/store/cluster.ts";
import { openPostgresStore } from "../../src/store/postgres/index.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { draft } from "../kit/store.ts";
import { describeCluster } from "./cluster.contract.ts";
import { dropSchema, newSchema, onServer, QUIET, serverUrl } from "./postgres-server.ts";
import { dispatch, newDelivery, settlement } from "./store-bench.ts";
import { describeStore } from "./store.contract.ts";

const DEFAULTS = {
  poolMax: 6,
  dispatches: true,
  log: QUIET,
  onFatal(error: Error) {
    throw error;
  },
};

describeStore("PostgreSQL", {
  newPlace: () => Promise.resolve(newSchema()),
  open: async ({ place, ...options }) => (await openPostgresStore({ url: serverUrl(), schema: place, ...DEFAULTS, ...options })).store,
  removePlace: dropSchema,
});

/** Settles a delivery to a destination of the lease's shard. */
async function refuses(store: Store, { shard, token }: Lease): Promise<boolean> {
  const outcome = await store.accept(draft(systemClock.now()));
  if (outcome.kind !== "accepted") throw new Error("not accepted");
  let destinationId = "dst_0";
  for (let count = 1; shardOf(destinationId) !== shard; count += 1) destinationId = `dst_${count}`;
  const [delivery] = await dispatch(store, [outcome.event], [newDelivery(outcome.event, { destinationId })]);
  const stale = await store.settle([{ ...settlement(delivery!, systemClock.now(), { state: "delivered" }), fence: token }]);
  const { state } = (await store.delivery(delivery!.id))!;
  if (stale.length > 0 !== (state === "waiting")) throw new Error(`Refused ${stale.length}, and the delivery is ${state}.`);
  return stale.length > 0;
}

describeCluster("PostgreSQL", {
  newPlace: () => Promise.resolve(newSchema()),
  async open(place) {
    const { store, cluster } = await openPostgresStore({
      url: serverUrl(),
      schema: place,
      clock: systemClock,
      random: systemRandom,
      requestsKeptMax: 100,
      ...DEFAULTS,
      poolMax: 3,
    });
    return { cluster, refuses: (lease) => refuses(store, lease), close: store.close };
  },
  async passTime(place, ms) {
    const back = `- interval '${ms} milliseconds'`;
    await onServer(async (client) => {
      await client.query(`UPDATE leases SET expires_at = expires_at ${back}; UPDATE nodes SET beat_at = beat_at ${back}`);
    }, place);
  },
  removePlace: dropSchema,
});
