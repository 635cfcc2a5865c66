// Every command, in the order help shows them. Adding one is adding a file and a line here.
import type { Command } from "./command.ts";
import { attemptsGet } from "./attempts.get.ts";
import { deliveriesCancel } from "./deliveries.cancel.ts";
import { deliveriesGet } from "./deliveries.get.ts";
import { deliveriesList } from "./deliveries.list.ts";
import { deliveriesRetry } from "./deliveries.retry.ts";
import { destinationsCreate } from "./destinations.create.ts";
import { destinationsGet } from "./destinations.get.ts";
import { destinationsList } from "./destinations.list.ts";
import { destinationsPause } from "./destinations.pause.ts";
import { destinationsResume } from "./destinations.resume.ts";
import { destinationsUpdate } from "./destinations.update.ts";
import { dev } from "./dev.ts";
import { eventsGet } from "./events.get.ts";
import { eventsList } from "./events.list.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { jobsCancel } from "./jobs.cancel.ts";
import { jobsCancelDeliveries } from "./jobs.cancel-deliveries.ts";
import { jobsGet } from "./jobs.get.ts";
import { jobsList } from "./jobs.list.ts";
import { jobsRecover } from "./jobs.recover.ts";
import { jobsReplay } from "./jobs.replay.ts";
import { nodesList } from "./nodes.list.ts";
import { providersList } from "./providers.list.ts";
import { providersShow } from "./providers.show.ts";
import { requestsGet } from "./requests.get.ts";
import { requestsList } from "./requests.list.ts";
import { sourcesCreate } from "./sources.create.ts";
import { sourcesLearnedSecret } from "./sources.learned-secret.ts";
import { sourcesList } from "./sources.list.ts";
import { start } from "./start.ts";
import { subscriptionsCreate } from "./subscriptions.create.ts";
import { subscriptionsList } from "./subscriptions.list.ts";
import { tail } from "./tail.ts";
import { verify } from "./verify.ts";

export const COMMANDS: readonly Command[] = [
  dev,
  start,
  tail,
  verify,
  eventsList,
  eventsGet,
  requestsList,
  requestsGet,
  deliveriesList,
  deliveriesGet,
  deliveriesRetry,
  deliveriesCancel,
  providersList,
  providersShow,
  attemptsGet,
  sourcesList,
  sourcesCreate,
  sourcesLearnedSecret,
  destinationsList,
  destinationsGet,
  destinationsCreate,
  destinationsUpdate,
  destinationsPause,
  destinationsResume,
  subscriptionsList,
  subscriptionsCreate,
  jobsReplay,
  jobsRecover,
  jobsCancelDeliveries,
  jobsList,
  jobsGet,
  jobsCancel,
  exportCommand,
  importCommand,
  nodesList,
];

/** What each noun stands for. */
export const GROUPS: Readonly<Record<string, string>> = {
  events: "Accepted facts: what came in and was kept.",
  requests: "Raw inbound requests, the rejected ones and duplicates too.",
  deliveries: "Events on their way to destinations.",
  providers: "Whose webhooks can be verified, and how.",
  attempts: "Single tries at a delivery, and what came of them.",
  sources: "Where events come in.",
  destinations: "Where deliveries go.",
  subscriptions: "Which events go to which destination.",
  nodes: "Processes that share one store.",
  jobs: "Long operations with progress: replay, recover, cancel.",
};
