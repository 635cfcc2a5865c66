// The main thread's side of the writer: gathers calls into groups, so that many requests share one commit.
import type { Transferable, Worker } from "node:worker_threads";
import type { AcceptDraft, AcceptOutcome, SplitDraft, SplitOutcome } from "../store.ts";
import { StoreUnavailableError } from "../store.ts";
import type { IdSource } from "../../core/id.ts";
import { type DuplicateMark, type Pending, settleDrafts, splitItemsOf } from "../drafts.ts";
import { createBodyBuffers } from "./body-buffers.ts";
import { packDrafts } from "./drafts.ts";
import { createCalls, startThread } from "./threads.ts";
import type { WriteCall, WriteName, WriteReply, WriterAnswer, Writes } from "./writes.ts";

// Two groups under way keep the writer busy while answers travel; more would only make groups smaller.
const GROUPS_UNDER_WAY_MAX = 2;
// A thousand looks at once, as after a start, go in pieces: what the first of them show is sent while the others are read.
const CALLS_PER_GROUP_MAX = 128;

type Awaited1<T> = T extends Promise<infer U> ? U : T;

export interface Writer {
  accept(draft: AcceptDraft): Promise<AcceptOutcome>;
  acceptSplit(draft: SplitDraft): Promise<SplitOutcome>;
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
  let drafts: Pending[] = [];
  const queued: WriteCall[] = [];
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
    const group = queued.splice(0, CALLS_PER_GROUP_MAX);
    const transfer: Transferable[] = [];
    if (drafts.length > 0) {
      const batch = packDrafts(drafts, bodyBuffers);
      group.push({ id: openAccept(drafts), name: "accept", args: [batch] });
      drafts = [];
      transfer.push(batch.bodies);
    }
    lastIds.add(group.at(-1)!.id);
    groupsUnderWay += 1;
    thread.postMessage(group, transfer);
  }

  function openAccept(sent: readonly Pending[]): number {
    const { id, promise } = calls.open();
    promise.then(
      (marks) => settleDrafts(sent, marks as DuplicateMark[]),
      (error: unknown) => {
        for (const one of sent) one.reject(error);
      },
    );
    return id;
  }

  /** In the order of their ids: dispatch must never see an event while one with a lower number is still to be committed. */
  function gather(one: Pending): void {
    if (refusal !== null) {
      one.reject(refusal);
      return;
    }
    drafts.push(one);
    plan();
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
      const id = options.ids.next();
      return new Promise((resolve, reject) => gather({ kind: "draft", draft, id, resolve, reject }));
    },
    acceptSplit(draft) {
      const id = options.ids.next();
      const items = splitItemsOf(draft, options.ids.next);
      return new Promise((resolve, reject) => gather({ kind: "split", draft, id, items, resolve, reject }));
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
      while (drafts.length > 0 || queued.length > 0) {
        groupsUnderWay = 0;
        flush();
      }
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
