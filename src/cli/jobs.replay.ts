// `posthorn jobs replay`: delivers stored events again, by filter.
import { count, defineCommand, flag, moment, several, text } from "./command.ts";
import { connectionOptions } from "./connection.ts";
import { startJob, startOptions } from "./job-start.ts";
import { timeParameter } from "./resource.ts";

export const jobsReplay = defineCommand({
  name: "jobs replay",
  summary: "Deliver stored events again, by filter.",
  description: "Events keep their ids, so receivers that had them before can tell. Look at what would happen with --dry-run first.",
  options: {
    event: several("id", "Only this event."),
    source: text("id", "Only events of this source."),
    tenant: text("id", "Only events of this tenant."),
    type: text("type", "Only events of this type; invoice.* takes every type that starts so."),
    key: text("key", "Only events with this ordering key."),
    since: moment("Only events received at or after this time."),
    until: moment("Only events received before this time."),
    subscription: text("id", "Only through this subscription: backfills one that was made later."),
    destination: text("id", "Only to this destination."),
    missing: flag("only what a destination never got: nothing of it was delivered, waits or was cancelled"),
    rate: count("number", "Events a second at most.", { min: 1, max: 1_000_000 }),
    ...startOptions,
    ...connectionOptions,
  },
  examples: [
    [
      "posthorn jobs replay --since 2h --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --dry-run",
      "what a replay of the last two hours would do",
    ],
    ["posthorn jobs replay --subscription sub_06dq2ye2xk0ezc5bk9ztc3h9m7 --wait", "bring earlier events to a new subscription"],
    [
      "posthorn jobs replay --missing --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --since 1d",
      "fill what a destination has missed since yesterday",
    ],
  ],
  run(context, { options }) {
    const { event, source, tenant, type, key, since, until, subscription, destination, missing, rate } = options;
    const filter = {
      eventIds: event.length === 0 ? undefined : event,
      sourceId: source,
      tenantId: tenant,
      type,
      key,
      since: timeParameter(since),
      until: timeParameter(until),
      subscriptionId: subscription,
      destinationId: destination,
      missing: missing ? true : undefined,
    };
    return startJob(context, options, { kind: "replay", filter, ratePerSecond: rate });
  },
});
