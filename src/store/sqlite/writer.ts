// The main thread's side of the writer: gathers calls into groups, so that many requests share one commit.
import type { Transferable, Worker } from "node:worker_threads";
import type { AcceptDraft, AcceptOutcome } from "../store.ts";
import { StoreUnavailableError } from "../store.ts";
import { formatId, type IdSource } from "../../core/id.ts";
import type { AcceptBatch, DuplicateMark } from "./accept.ts";
import { type BodyBuffers, createBodyBuffers } from "./body-buffers.ts";
import { packEnvelope } from "./rows.ts";
import { createCalls, startThread } from "./threads.ts";
import type { WriteCall, WriteName, WriteReply, WriterAnswer, Writes } from "./writes.ts";

// Two groups under way keep the writer busy while answers travel; more would only make groups smaller.
const GROUPS_UNDER_WAY_MAX = 2;

interface PendingDraft {
  draft: AcceptDraft;
  seq: number;
  tail: string;
  resolve(outcome: AcceptOutcome): void;
  reject(error: unknown): void;
}

type Awaited1<T> = T extends Promise<infer U> ? U : T;

export interface Writer {
  accept(draft: AcceptDraft): Promise<AcceptOutcome>;
  call<Name extends Exclude<WriteName, "accept">>(
    name: Name,
    ...args: Parameters<Writes[Name]>
  ): Promise<Awaited1<ReturnType<Writes[Name]>>>;
  /** Lets the log start anew after a checkpoint copied it. */
  resetLog(): void;
  close(): Promise<void>;
}

export function startWriter(options: { file: string; requestsKeptMax: number; ids: IdSource; onFatal: (error: Error) => void }): Writer {
  const thread = startThread("writer-thread", { file: options.file, requestsKeptMax: options.requestsKeptMax });
  const calls = createCalls(fail);
  let drafts: PendingDraft[] = [];
  let queued: WriteCall[] = [];
  const bodyBuffers = createBodyBuffers();
  let groupsUnderWay = 0;
  let flushPlanned = false;
  // Why nothing is taken any more: the store closes, or its disk or its thread failed.
  let refusal: Error | null = null;
  const exited = watchExit(thread, calls, fail);

  thread.on("message", ({ replies, buffers }: WriterAnswer) => {
    for (const buffer of buffers) bodyBuffers.giveBack(buffer);
    groupsUnderWay = Math.max(0, groupsUnderWay - groupsOf(replies));
    flush();
    for (const reply of replies) calls.settle(reply);
  });
  // One group is one message, and its last call's reply tells that the group is done.
  const lastIds = new Set<number>();
  const groupsOf = (replies: WriteReply[]) => replies.filter((reply) => lastIds.delete(reply.id)).length;

  function plan(): void {
    if (flushPlanned || groupsUnderWay >= GROUPS_UNDER_WAY_MAX) return;
    flushPlanned = true;
    // The check phase comes right after all sockets of this turn were read: their requests go together.
    setImmediate(() => {
      flushPlanned = false;
      flush();
    });
  }

  function flush(): void {
    if (groupsUnderWay >= GROUPS_UNDER_WAY_MAX || (drafts.length === 0 && queued.length === 0)) return;
    const group = queued;
    const transfer: Transferable[] = [];
    queued = [];
    if (drafts.length > 0) {
      const { call, buffer } = packDrafts(drafts, calls, bodyBuffers);
      drafts = [];
      group.push(call);
      transfer.push(buffer);
    }
    lastIds.add(group.at(-1)!.id);
    groupsUnderWay += 1;
    thread.postMessage(group, transfer);
  }

  function fail(error: Error): void {
    if (refusal !== null) return;
    refusal = error;
    // What was not sent yet would wait for ever if the thread is gone.
    for (const draft of drafts.splice(0)) draft.reject(error);
    options.onFatal(error);
  }

  return {
    accept(draft) {
      const { seq, tail } = options.ids.next();
      return new Promise((resolve, reject) => {
        if (refusal !== null) {
          reject(refusal);
          return;
        }
        drafts.push({ draft, seq, tail, resolve, reject });
        plan();
      });
    },
    call(name, ...args) {
      if (refusal !== null) return Promise.reject(refusal);
      const { id, promise } = calls.open();
      queued.push({ id, name, args });
      plan();
      return promise as never;
    },
    resetLog: () => thread.postMessage("reset-log"),
    async close() {
      // What is gathered still goes out; the thread closes after it.
      groupsUnderWay = 0;
      flush();
      refusal ??= new StoreUnavailableError("The store is closing.");
      thread.postMessage("close");
      await exited;
    },
  };
}

/** Resolves when the thread ends; an end nobody asked for is fatal, because nothing can be committed any more. */
function watchExit(thread: Worker, calls: ReturnType<typeof createCalls>, onFatal: (error: Error) => void): Promise<void> {
  return new Promise((resolve) => {
    let cause: Error | null = null;
    thread.on("error", (error: Error) => {
      cause = error;
    });
    thread.on("exit", () => {
      const error = new StoreUnavailableError(`The store's writer ended${cause === null ? "" : `: ${cause.message}`}.`);
      calls.failAll(error);
      onFatal(error);
      resolve();
    });
  });
}

/** All drafts of a group as one call: flat values, and the bodies in one buffer that is handed over, not copied. */
function packDrafts(
  drafts: PendingDraft[],
  calls: ReturnType<typeof createCalls>,
  bodyBuffers: BodyBuffers,
): { call: WriteCall; buffer: ArrayBuffer } {
  let bytes = 0;
  for (const { draft } of drafts) bytes += draft.request.body.byteLength;
  const buffer = bodyBuffers.take(bytes);
  const bodies = new Uint8Array(buffer);
  const values: AcceptBatch["values"] = [];
  let offset = 0;
  for (const { draft, seq, tail } of drafts) {
    const { request, dedupe } = draft;
    bodies.set(request.body, offset);
    values.push(
      seq,
      tail,
      draft.sourceId,
      draft.tenantId,
      draft.type,
      draft.key,
      draft.providerEventId,
      draft.channels.length === 0 ? null : JSON.stringify(draft.channels),
      draft.deliverAt,
      draft.receivedAt,
      packEnvelope(request),
      offset,
      request.body.byteLength,
      dedupe === null ? null : dedupe.key,
      dedupe === null ? null : dedupe.windowMs,
    );
    offset += request.body.byteLength;
  }
  const { id, promise } = calls.open();
  promise.then(
    (marks) => settleDrafts(drafts, marks as DuplicateMark[]),
    (error: unknown) => {
      for (const draft of drafts) draft.reject(error);
    },
  );
  const batch: AcceptBatch = { values, bodies: buffer };
  return { call: { id, name: "accept", args: [batch] }, buffer };
}

function settleDrafts(drafts: PendingDraft[], marks: DuplicateMark[]): void {
  let next = 0;
  for (const [index, { draft, seq, tail, resolve }] of drafts.entries()) {
    const mark = marks[next];
    if (mark !== undefined && mark[0] === index) {
      next += 1;
      const of = formatId("evt", { seq: mark[1], tail: mark[2] });
      resolve({ kind: "duplicate", of, requestId: formatId("req", { seq, tail }) });
      continue;
    }
    const { sourceId, tenantId, type, key, providerEventId, channels, deliverAt, receivedAt, request } = draft;
    resolve({
      kind: "accepted",
      event: {
        id: formatId("evt", { seq, tail }),
        seq,
        sourceId,
        tenantId,
        type,
        key,
        providerEventId,
        channels,
        deliverAt,
        receivedAt,
        request,
        bodyBytes: request.body.byteLength,
      },
    });
  }
}
