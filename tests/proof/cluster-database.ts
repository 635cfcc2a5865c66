// The faults of the cluster's proof that befall the database: restarts, conflicts, old snapshots, and connections that run out.
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { openDatabase } from "../../src/store/postgres/pool.ts";
import { dueDeliveries } from "../../src/store/postgres/due.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { asAdmin } from "../kit/postgres-shared.ts";
import { dwells, quantile } from "./cluster-ledger.ts";
import { isTaken } from "./cluster-load.ts";
import type { Phase, PhaseRun } from "./cluster-phases.ts";
import { NODES, POOL_MAX, recover, type World } from "./cluster-world.ts";

export const DATABASE_PHASES: readonly Phase[] = [
  { name: "restart", what: "PostgreSQL restarted, fast and then immediate", seconds: 0, times: 20, run: restart },
  { name: "conflicts", what: "deadlocks and serialization failures", seconds: 40, run: provoke },
  { name: "vacuum", what: "a transaction that holds vacuum back", seconds: 120, run: holdBack },
  { name: "pool", what: "connections of the pools and of the server run out", seconds: 20, run: exhaust },
];

/** Each time the database is away, both doors of each node are tried: they say 503 and when to come again. */
async function restart({ world, load, times, random }: PhaseRun): Promise<string> {
  let slowestMs = 0;
  for (let done = 0; done < times; done += 1) {
    await world.doubt(async () => {
      await world.postgres.shutDown(done % 2 === 0 ? "fast" : "immediate");
      world.outage = done + 1;
      const refused = world.nodes.flatMap((node) =>
        (["publish", "ingest"] as const).map(async (door) => {
          const answer = await load.handIn(node, load.another(door), 15_000);
          if (answer === null || isTaken(answer)) {
            world.breaks("503", `${node.name} answered ${answer?.status ?? "nothing"} to ${door} while the database was away`);
          }
        }),
      );
      await Promise.all(refused);
      await pause(random.int(500));
      world.outage = 0;
      await world.postgres.start();
      slowestMs = Math.max(slowestMs, await recover(world, `restart ${done + 1} of PostgreSQL`));
    });
    if (done + 1 < times) await pause(500 + random.int(1_000));
  }
  return `${times} restarts, slowest recovery ${slowestMs} ms`;
}

/** Tables whose writers are made to fail, and how often: as other sessions' conflicts would make them. */
const FAILING = ["events", "undispatched", "deliveries", "deliveries_done", "attempts"];
const FAILING_SHARE = 0.06;

// A sequence counts on when its transaction is rolled back: so it counts what was raised.
const PLANT = `
CREATE SEQUENCE public.proof_raised;
CREATE FUNCTION public.proof_conflict() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF random() < ${FAILING_SHARE} THEN
    PERFORM nextval('public.proof_raised');
    IF random() < 0.5 THEN RAISE EXCEPTION 'proof' USING ERRCODE = '40001'; END IF;
    RAISE EXCEPTION 'proof' USING ERRCODE = '40P01';
  END IF;
  RETURN NULL;
END $$;`;

/** Errors that look like conflicts, from triggers, and real deadlocks with a session that locks in the opposite order. */
async function provoke({ world, ms }: PhaseRun): Promise<string> {
  return world.doubt(async () => {
    await world.admin(async (client) => {
      await client.query(PLANT);
      for (const table of FAILING) {
        const name = `CREATE TRIGGER proof_conflict BEFORE INSERT OR UPDATE OR DELETE ON posthorn.${table}`;
        await client.query(`${name} FOR EACH STATEMENT EXECUTE FUNCTION public.proof_conflict()`);
      }
    });
    const deadlocks = await lockBackwards(world, Date.now() + ms);
    const raised = await world.admin(async (client) => {
      for (const table of FAILING) await client.query(`DROP TRIGGER proof_conflict ON posthorn.${table}`);
      const { rows } = await client.query<{ n: number }>("SELECT last_value::integer AS n FROM public.proof_raised");
      await client.query("DROP FUNCTION public.proof_conflict; DROP SEQUENCE public.proof_raised");
      return rows[0]!.n;
    });
    return `${raised} conflicts raised, ${deadlocks} deadlocks with another session`;
  });
}

/** Locks what waits from its end to its beginning, while the nodes go the other way. Answers how often it was the victim. */
async function lockBackwards(world: World, until: number): Promise<number> {
  const before = await deadlocksSoFar(world);
  await world.admin(async (client) => {
    await client.query("SET deadlock_timeout = '2s'");
    while (Date.now() < until) {
      await client.query("BEGIN");
      try {
        await client.query("SELECT 1 FROM posthorn.leases WHERE shard >= 32 ORDER BY shard DESC FOR UPDATE");
        await client.query("SELECT 1 FROM posthorn.deliveries ORDER BY seq DESC LIMIT 20 FOR UPDATE");
        await client.query("SELECT 1 FROM posthorn.undispatched ORDER BY seq DESC LIMIT 20 FOR UPDATE");
        await client.query("SELECT 1 FROM posthorn.leases WHERE shard < 32 ORDER BY shard DESC FOR UPDATE");
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
      }
      await client.query("ROLLBACK");
      await pause(20);
    }
  });
  return (await deadlocksSoFar(world)) - before;
}

async function deadlocksSoFar(world: World): Promise<number> {
  const { rows } = await world.admin((client) =>
    client.query<{ n: number }>("SELECT deadlocks::integer AS n FROM pg_stat_database WHERE datname = 'posthorn'"),
  );
  return rows[0]!.n;
}

const CLAIMS_EVERY_MS = 40;

/** The claim, as the nodes make it, measured before and while a snapshot keeps every dead row. */
async function holdBack({ world, ms }: PhaseRun): Promise<string> {
  const beforeMs = await claimP99(world, Math.min(ms, 10_000));
  const begun = Date.now();
  const [duringMs, dead] = await world.admin(async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await client.query("SELECT count(*) FROM posthorn.deliveries");
    await claimP99(world, ms / 2);
    const measured = await claimP99(world, ms / 2);
    const { rows } = await world.admin((other) =>
      other.query<{ n: number }>(
        "SELECT n_dead_tup::integer AS n FROM pg_stat_user_tables WHERE schemaname = 'posthorn' AND relname = 'deliveries'",
      ),
    );
    await client.query("ROLLBACK");
    return [measured, rows[0]!.n];
  });
  const dwellMs = quantile(dwells(world.ledger, begun), 0.99);
  return `claim p99 ${beforeMs.toFixed(1)} ms before, ${duringMs.toFixed(1)} ms in the second half, ${dead} dead rows, arrival p99 ${dwellMs} ms`;
}

async function claimP99(world: World, ms: number): Promise<number> {
  const options = { schema: "posthorn", poolMax: 1, clock: systemClock, random: systemRandom, log: { warn: () => undefined } };
  const database = openDatabase({ ...options, url: world.adminUrl });
  const { rows } = await world.admin((client) => client.query<{ id: string }>("SELECT id FROM posthorn.config WHERE kind = 'destination'"));
  const took: number[] = [];
  const until = performance.now() + ms;
  for (let at = 0; performance.now() < until; at += 1) {
    const begun = performance.now();
    await dueDeliveries(database, { destinationId: rows[at % rows.length]!.id, class: "fresh", now: Date.now(), limit: 200, skipSeqs: [] });
    took.push(performance.now() - begun);
    await pause(CLAIMS_EVERY_MS);
  }
  await database.close();
  return quantile(took, 0.99);
}

/** For less than a statement waits for a lock, and for more. */
const LOCKED_MS = [3_000, 9_000] as const;
/** Longer than the nodes keep an idle connection would take too long: theirs are ended, and they find no others. */
const FULL_MS = 5_000;

async function exhaust({ world, load }: PhaseRun): Promise<string> {
  const facts: string[] = [];
  for (const lockedMs of LOCKED_MS) {
    const answered = await world.doubt(() =>
      world.admin(async (client) => {
        await client.query("BEGIN");
        await client.query("LOCK TABLE posthorn.undispatched IN ACCESS EXCLUSIVE MODE");
        const burst = world.nodes.flatMap((node) =>
          Array.from({ length: 3 * POOL_MAX }, () => load.handIn(node, load.another("publish"), 15_000)),
        );
        await pause(lockedMs);
        await client.query("ROLLBACK");
        return Promise.all(burst);
      }),
    );
    facts.push(`${answered.filter(isTaken).length} of ${answered.length} taken behind a lock of ${lockedMs / 1_000} s`);
    await recover(world, "a lock");
  }
  facts.push(`${await fillServer(world)} connections taken from the server`);
  await recover(world, "a server without connections");
  const open = await world.admin((client) =>
    client.query<{ n: number }>("SELECT count(*)::integer AS n FROM pg_stat_activity WHERE application_name = 'posthorn'"),
  );
  const kept = open.rows[0]!.n;
  if (kept > NODES * POOL_MAX) world.breaks("I7", `${kept} connections are open where the pools have ${NODES * POOL_MAX}: some leak`);
  return [...facts, `${kept} open at the end`].join(", ");
}

/** Takes every connection there is, and ends those of the nodes, which then find none. Answers how many it took. */
async function fillServer(world: World): Promise<number> {
  const taken: pg.Client[] = [];
  await world.doubt(async () => {
    await asAdmin(world.adminUrl, async (admin) => {
      await admin.query("ALTER ROLE proof CONNECTION LIMIT 0");
      await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posthorn'");
      for (;;) {
        const client = new pg.Client({ connectionString: world.adminUrl });
        client.on("error", () => undefined);
        try {
          await client.connect();
        } catch {
          break;
        }
        taken.push(client);
      }
      await admin.query("ALTER ROLE proof CONNECTION LIMIT -1");
      await pause(FULL_MS);
    });
    await Promise.all(taken.map((client) => client.end()));
  });
  return taken.length;
}
