// The thread for large bodies: the same code as on the event loop, where it may take its time.
import { type MessagePort, parentPort } from "node:worker_threads";
import { compileDedupe, compileKeyFrom } from "./catalog-extract.ts";
import { compileSubscription } from "./catalog-subscription.ts";
import { type FactReaders, readFacts } from "./facts.ts";
import type { FactRules, LargeBodyReply, LargeBodyTask } from "./large-bodies.ts";
import { readPlace } from "./ordering.ts";
import { createFilterInput, matchSubscription } from "./routing.ts";
import { splitItems } from "./split.ts";

const port = parentPort as MessagePort;

port.on("message", ({ id, task }: { id: number; task: LargeBodyTask }) => {
  port.postMessage(answer(id, task));
});

function answer(id: number, task: LargeBodyTask): LargeBodyReply {
  try {
    return { id, ok: true, result: run(task) };
  } catch (error) {
    return { id, ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function run(task: LargeBodyTask): unknown {
  switch (task.kind) {
    case "facts":
      return readFacts(compileRules(task.rules), task.request);
    case "items":
      return splitItems(compileRules(task.rules), task.request);
    case "place":
      return readPlace(task.rules, task.event);
    case "verdicts": {
      const input = createFilterInput(task.event);
      return task.subscriptions.map((subscription) => matchSubscription(compileSubscription(subscription), task.event, input));
    }
  }
}

function compileRules({ id, provider, dedupe, keyFrom }: FactRules): FactReaders {
  const compiledDedupe = compileDedupe(id, dedupe);
  const readKey = compileKeyFrom(keyFrom);
  return {
    provider,
    dedupe: compiledDedupe.ok ? compiledDedupe.value : null,
    keyOf: (facts) => (readKey.ok ? (readKey.value?.(facts) ?? null) : null),
  };
}
