// The PostgreSQL adapter under the store contract and the cluster contract.
import { shardOf } from "../../src/core/shard.ts";
import type { Lease } from "../../src/store/cluster.ts";
import { openPostgresStore } from "../../src/store/postgres/index.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { draft } from "../kit/store.ts";
import { describeCluster } from "./cluster.contract.ts";
import { NODE_DEFAULTS, postgresRig } from "./postgres-rig.ts";
import { dispatch, newDelivery, settlement } from "./store-bench.ts";
import { describeStore } from "./store.contract.ts";

const { place, giveBack, url, look } = postgresRig({ relaxed: true });

describeStore("PostgreSQL", {
  newPlace: () => Promise.resolve(place()),
  open: async (options) => (await openPostgresStore({ ...NODE_DEFAULTS, ...options, url: url(), schema: options.place })).store,
  removePlace: giveBack,
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
  newPlace: () => Promise.resolve(place()),
  async open(schema) {
    const { store, cluster } = await openPostgresStore({ ...NODE_DEFAULTS, url: url(), schema, poolMax: 3 });
    return { cluster, refuses: (lease) => refuses(store, lease), close: store.close };
  },
  async passTime(schema, ms) {
    const back = `- interval '${ms} milliseconds'`;
    await look(async (client) => {
      await client.query(`UPDATE leases SET expires_at = expires_at ${back}; UPDATE nodes SET beat_at = beat_at ${back}`);
    }, schema);
  },
  removePlace: giveBack,
});
