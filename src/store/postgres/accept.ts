// SQL of the accept step: dedupe and append, one statement for a whole group of drafts.
import { shardOfEvent } from "../../core/shard.ts";
import { formatId, type IdParts } from "../../core/id.ts";
import type { AcceptDraft, AcceptItem } from "../store.ts";
import { DUPLICATE_BODY_BYTES_MAX, type DuplicateMark, type Pending, splitMessage } from "../drafts.ts";
import { packEnvelope } from "../rows.ts";
import type { Database, Queries, Statement } from "./connection.ts";

type SplitPending = Extract<Pending, { kind: "split" }>;

/** The values of one event, in the order of the statement's arrays; its body is a part of the group's one buffer. */
type EventRow = [
  seq: number,
  tail: string,
  shard: number,
  sourceId: string | null,
  tenantId: string | null,
  type: string,
  key: string | null,
  providerEventId: string | null,
  channels: string | null,
  deliverAt: number | null,
  receivedAt: number,
  envelope: string,
  /** Counts from 1. */
  bodyAt: number,
  bodyBytes: number,
  dedupeKey: string | null,
  windowMs: number | null,
  /** Whether it is the first of its key in the group: the others are what it is. */
  leads: boolean,
  requestSeq: number | null,
];

const COLUMNS: readonly [name: string, type: string][] = [
  ["seq", "bigint"],
  ["tail", "text"],
  ["shard", "smallint"],
  ["source_id", "text"],
  ["tenant_id", "text"],
  ["type", "text"],
  ["key", "text"],
  ["provider_event_id", "text"],
  ["channels", "text"],
  ["deliver_at", "bigint"],
  ["received_at", "bigint"],
  ["envelope", "text"],
  ["body_at", "integer"],
  ["body_bytes", "integer"],
  ["dedupe_key", "text"],
  ["window_ms", "bigint"],
  ["leads", "boolean"],
  ["request_seq", "bigint"],
];

/**
 * Keys are claimed in their order, so that two groups with the same ones never wait for each other in a circle. A claim that
 * does not stand is an update that changes nothing but the window: only so does the statement see a holder that was
 * committed after it began. An older holder outside the window gives way.
 * Positions are taken in the order of the drafts, inside the transaction: whoever saw an event acknowledged gets later ones.
 */
const ACCEPT = `
WITH input AS MATERIALIZED (
  SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 2}::${type}[]`).join(", ")})
    WITH ORDINALITY AS r(${COLUMNS.map(([name]) => name).join(", ")}, ord)
), claims AS (
  INSERT INTO dedupe (key, event_seq, event_tail, at, window_ms)
  SELECT dedupe_key, seq, tail, received_at, window_ms FROM input WHERE leads ORDER BY dedupe_key COLLATE "C"
  ON CONFLICT (key) DO UPDATE SET
    event_seq = CASE WHEN dedupe.at <= excluded.at - excluded.window_ms THEN excluded.event_seq ELSE dedupe.event_seq END,
    event_tail = CASE WHEN dedupe.at <= excluded.at - excluded.window_ms THEN excluded.event_tail ELSE dedupe.event_tail END,
    at = CASE WHEN dedupe.at <= excluded.at - excluded.window_ms THEN excluded.at ELSE dedupe.at END,
    window_ms = excluded.window_ms
  RETURNING key, event_seq, event_tail
), placed AS MATERIALIZED (
  SELECT r.*, c.event_seq AS of_seq, c.event_tail AS of_tail, c.key IS NOT NULL AND c.event_seq <> r.seq AS repeats
  FROM input r LEFT JOIN claims c ON c.key = r.dedupe_key
), made AS (
  INSERT INTO events (seq, tail, shard, position, source_id, tenant_id, type, key, provider_event_id, channels, deliver_at,
    received_at, dedupe_key, envelope, request_seq, body)
  SELECT seq, tail, shard, nextval('positions'), source_id, tenant_id, type, key, provider_event_id, channels, deliver_at,
    received_at, dedupe_key, envelope, request_seq, substring($1::bytea FROM body_at FOR body_bytes)
  FROM (SELECT * FROM placed WHERE NOT repeats ORDER BY ord) p
  RETURNING seq, shard, position, received_at
), awaiting AS (
  INSERT INTO undispatched (seq, shard, position, received_at) SELECT seq, shard, position, received_at FROM made
), copies AS (
  INSERT INTO requests (seq, tail, source_id, outcome, event_seq, event_tail, received_at, body_bytes, envelope, body)
  SELECT seq, tail, source_id, 'duplicate', of_seq, of_tail, received_at, body_bytes, envelope,
    substring($1::bytea FROM body_at FOR least(body_bytes, ${DUPLICATE_BODY_BYTES_MAX}))
  FROM placed WHERE repeats AND request_seq IS NULL
)
SELECT ord - 1, of_seq, of_tail FROM placed WHERE repeats ORDER BY ord`;

const INSERT_SPLITS = `
INSERT INTO requests (seq, tail, source_id, outcome, message, event_seq, event_tail, received_at, body_bytes, envelope, body, items)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[],
  $10::text[], $11::bytea[], $12::text[])`;

export interface Accepted {
  marks: DuplicateMark[];
  /** Shards of the group's events. */
  shards: number[];
  /** Records of duplicates that were added. */
  duplicates: number;
}

/** Commits a group, all or nothing. `pending` keeps its ids: after a key that was taken they must be new ones. */
export async function acceptGroup(database: Database, pending: readonly Pending[]): Promise<Accepted> {
  const rows = rowsOf(pending);
  const statement = acceptStatement(pending, rows);
  const shards = [...new Set(rows.map((row) => row[2]))];
  const splits = pending.filter((one) => one.kind === "split");
  if (splits.length === 0) {
    const marks = await claimAndInsert(database, statement);
    return { marks, shards, duplicates: marks.length };
  }
  return database.transaction(async (queries) => {
    const marks = await claimAndInsert(queries, statement);
    const repeated = await insertSplits(queries, pending, marks);
    return { marks, shards, duplicates: repeated };
  });
}

async function claimAndInsert(queries: Queries, statement: Statement): Promise<DuplicateMark[]> {
  return (await queries.query(statement)) as DuplicateMark[];
}

function rowsOf(pending: readonly Pending[]): EventRow[] {
  const rows: EventRow[] = [];
  const leaders = new Set<string>();
  let bodyAt = 1;
  const add = (of: EventFacts, id: IdParts, requestSeq: number | null): void => {
    const { dedupe, body } = of;
    const leads = dedupe !== null && !leaders.has(dedupe.key);
    if (leads) leaders.add(dedupe.key);
    rows.push([
      id.seq,
      id.tail,
      shardOfEvent({ id: formatId("evt", id), sourceId: of.sourceId }),
      of.sourceId,
      of.tenantId,
      of.type,
      of.key,
      of.providerEventId,
      of.channels.length === 0 ? null : JSON.stringify(of.channels),
      of.deliverAt,
      of.receivedAt,
      of.envelope,
      bodyAt,
      body.byteLength,
      dedupe?.key ?? null,
      dedupe?.windowMs ?? null,
      leads,
      requestSeq,
    ]);
    bodyAt += body.byteLength;
  };
  for (const one of pending) {
    if (one.kind === "draft") add(factsOfDraft(one.draft), one.id, null);
    else
      for (const { id, item, request } of one.items)
        add(factsOfItem(one, item, packEnvelope(request, item.occurredAt, one.id)), id, one.id.seq);
  }
  return rows;
}

interface EventFacts extends Pick<
  AcceptDraft,
  "sourceId" | "tenantId" | "type" | "key" | "providerEventId" | "channels" | "deliverAt" | "receivedAt" | "dedupe"
> {
  envelope: string;
  body: Uint8Array;
}

function factsOfDraft(draft: AcceptDraft): EventFacts {
  return { ...draft, envelope: packEnvelope(draft.request, draft.occurredAt, null, draft.deliverBefore), body: draft.request.body };
}

function factsOfItem({ draft }: SplitPending, item: AcceptItem, envelope: string): EventFacts {
  const { sourceId, receivedAt } = draft;
  return { ...item, sourceId, receivedAt, tenantId: null, channels: [], deliverAt: null, envelope };
}

function acceptStatement(pending: readonly Pending[], rows: readonly EventRow[]): Statement {
  const bodies: Uint8Array[] = [];
  for (const one of pending) {
    if (one.kind === "draft") bodies.push(one.draft.request.body);
    else for (const { item } of one.items) bodies.push(item.body);
  }
  const columns = COLUMNS.map((_, index) => rows.map((row) => row[index]!));
  return { name: "accept", text: ACCEPT, values: [bodies.length === 1 ? bodies[0]! : Buffer.concat(bodies), ...columns] };
}

/** Keeps each split request beside its items' events; answers how many of them brought nothing new. */
async function insertSplits(queries: Queries, pending: readonly Pending[], marks: readonly DuplicateMark[]): Promise<number> {
  const holders = new Map(marks.map(([index, seq, tail]) => [index, [seq, tail] as const]));
  const rows: (string | number | Uint8Array | null)[][] = [];
  let index = 0;
  let duplicates = 0;
  for (const one of pending) {
    if (one.kind === "draft") {
      if (holders.has(index)) duplicates += 1;
      index += 1;
      continue;
    }
    const { draft, id } = one;
    const from = index;
    const items = one.items.map((item, at) => holders.get(from + at) ?? ([item.id.seq, item.id.tail] as const));
    const repeated = items.filter((_, at) => holders.has(from + at)).length;
    index += items.length;
    const isDuplicate = repeated === items.length;
    if (isDuplicate) duplicates += 1;
    const { body } = draft.request;
    rows.push([
      id.seq,
      id.tail,
      draft.sourceId,
      isDuplicate ? "duplicate" : "accepted",
      splitMessage(items.length, repeated),
      ...items[0]!,
      draft.receivedAt,
      body.byteLength,
      packEnvelope(draft.request),
      isDuplicate ? body.subarray(0, DUPLICATE_BODY_BYTES_MAX) : body,
      JSON.stringify(items),
    ]);
  }
  await queries.query({ name: "accept-splits", text: INSERT_SPLITS, values: rows[0]!.map((_, at) => rows.map((row) => row[at]!)) });
  return duplicates;
}
