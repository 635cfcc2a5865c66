// Who sends in the cluster's proof, and to whom it goes: destinations with and without order, and the lines of senders to them.
import { createHmac } from "node:crypto";
import type { Line, Posted } from "./cluster-ledger.ts";
import { hashOf } from "./ledger.ts";
import type { World } from "./cluster-world.ts";
import { MAY_HANG } from "./cluster-receiver.ts";

const SECRET = "a-secret-of-the-proof-not-real";
/** Enough for four bad answers and for what a fault costs; so nothing ends as dead. */
const SCHEDULE_MS = [0, 50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000];
const ATTEMPT_MS_MAX = 3_000;

export type Door = "publish" | "ingest";

export interface Sender extends Line {
  door: Door;
  /** The ordering key; null for none. */
  key: string | null;
}

export interface Setup {
  senders: Sender[];
  /** What is sent by hand: to see that a node works again. */
  probe: Sender;
  /** Path of the ingest URL. */
  ingestPath: string;
  /** The destination that is disabled and enabled again and again, and its id. */
  switched: { name: string; id: string };
}

const ORDERINGS: Readonly<Record<string, object>> = {
  "line-0": { kind: "fifoByKey", key: "event" },
  "line-1": { kind: "fifoByKey", key: "event" },
  "line-2": { kind: "fifoByKey", key: "event" },
  "line-3": { kind: "fifoByKey", key: "event" },
  fifo: { kind: "fifo" },
  [`${MAY_HANG}-0`]: { kind: "unordered" },
  [`${MAY_HANG}-1`]: { kind: "unordered" },
  switched: { kind: "unordered" },
  probe: { kind: "unordered" },
};

export async function setUp(world: World): Promise<Setup> {
  const source = await make<{ url: string }>(world, "/v1/sources", {
    name: "proof",
    provider: "github",
    secrets: [SECRET],
    keyFrom: "json:key",
  });
  const ids = new Map<string, string>();
  for (const [name, ordering] of Object.entries(ORDERINGS)) {
    const destination = await make<{ id: string }>(world, "/v1/destinations", {
      name,
      type: "http",
      url: `${world.receiver.url}/${name}`,
      ordering,
      deadlineMs: ATTEMPT_MS_MAX,
      retry: { scheduleMs: SCHEDULE_MS, jitter: 0.2 },
    });
    ids.set(name, destination.id);
    // The type of an event says where it goes, through whichever door it comes.
    await make(world, "/v1/subscriptions", { eventTypes: [name], destinationId: destination.id });
  }
  return {
    senders: Object.keys(ORDERINGS).flatMap(sendersTo),
    probe: { name: "probe", destination: "probe", ordered: false, door: "publish", key: null },
    ingestPath: new URL(source.url).pathname,
    switched: { name: "switched", id: ids.get("switched")! },
  };
}

async function make<T>({ nodes }: World, path: string, body: object): Promise<T> {
  const answer = await nodes[0]!.calls.post<T>(path, JSON.stringify(body));
  if (answer?.status !== 201) throw new Error(`POST ${path} answered ${answer?.status}: ${JSON.stringify(answer?.body)}`);
  return answer.body;
}

function sendersTo(destination: string): Sender[] {
  const one = (door: Door, key: string | null, ordered: boolean): Sender => {
    return { name: `${destination}/${door}/${key ?? "none"}`, destination, ordered, door, key };
  };
  if (destination === "probe") return [];
  // In one line for all, the order of several senders is nobody's to say.
  if (destination === "fifo") return [one("publish", "all", true)];
  if (!destination.startsWith("line")) return [one("publish", null, false), one("ingest", null, false)];
  return [one("publish", "p1", true), one("publish", "p2", true), one("ingest", "i1", true), one("ingest", "i2", true)];
}

export interface Composed extends Posted {
  line: Sender;
  path: string;
  /** What is sent, and the same at each try. */
  text: string;
  /** Null for those of the API. */
  headers: Record<string, string> | null;
}

/** One event, by whose bytes a reader that writes JSON anew gives itself away. */
export function compose(sender: Sender, seq: number, seed: string, ingestPath: string): Composed {
  const name = `${seed}.${sender.name}.${seq}`;
  const fields = [`"name": ${JSON.stringify(name)}`, `"key":${JSON.stringify(sender.key)}`, `"seq" : ${seq}.0`, '"n":12345678901234567890'];
  const body = `{ ${fields.join(",  ")}, "text": "${"ä\\u00e4 ".repeat(seq % 40)}" }`;
  const posted = { name, line: sender, seq, bodyHash: hashOf(body), acknowledgedAt: null, eventIds: new Set<string>() };
  if (sender.door === "publish") {
    const wanted = { type: sender.destination, key: sender.key, idempotencyKey: name };
    const text = `${JSON.stringify(wanted).slice(0, -1)},"data":${body}}`;
    return { ...posted, path: "/v1/events", text, headers: null };
  }
  const headers = {
    "content-type": "application/json",
    "x-github-event": sender.destination,
    "x-github-delivery": name,
    "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
  };
  return { ...posted, path: ingestPath, text: body, headers };
}
