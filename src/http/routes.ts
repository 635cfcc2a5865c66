// The whole API on one screen: method, path, scope, what it does, what goes in and out, and who answers.
import { CLOUD_EVENT_TYPE } from "../core/cloud-event.ts";
import { getAttempt } from "./api/attempts.get.ts";
import { listAttempts } from "./api/attempts.list.ts";
import { createApiKey } from "./api/api-keys.create.ts";
import { deleteApiKey } from "./api/api-keys.delete.ts";
import { listApiKeys } from "./api/api-keys.list.ts";
import { cancelDelivery } from "./api/deliveries.cancel.ts";
import { getDelivery } from "./api/deliveries.get.ts";
import { listDeliveries } from "./api/deliveries.list.ts";
import { retryDelivery } from "./api/deliveries.retry.ts";
import { createDestination } from "./api/destinations.create.ts";
import { deleteDestination } from "./api/destinations.delete.ts";
import { disableDestination } from "./api/destinations.disable.ts";
import { getDestination } from "./api/destinations.get.ts";
import { listDestinations } from "./api/destinations.list.ts";
import { pauseDestination } from "./api/destinations.pause.ts";
import { resumeDestination } from "./api/destinations.resume.ts";
import { rotateDestinationSecret } from "./api/destinations.rotate-secret.ts";
import { previewDestinationSchedule } from "./api/destinations.schedule-preview.ts";
import { updateDestination } from "./api/destinations.update.ts";
import { getEventBody } from "./api/events.body.ts";
import { listEventDeliveries } from "./api/events.deliveries.ts";
import { explainEvent } from "./api/events.explain.ts";
import { getEvent } from "./api/events.get.ts";
import { listEvents } from "./api/events.list.ts";
import { publishEvent } from "./api/events.publish.ts";
import { cancelJob } from "./api/jobs.cancel.ts";
import { createJob } from "./api/jobs.create.ts";
import { getJob } from "./api/jobs.get.ts";
import { listJobs } from "./api/jobs.list.ts";
import { listNodes } from "./api/nodes.list.ts";
import { getProvider } from "./api/providers.get.ts";
import { listProviders } from "./api/providers.list.ts";
import { getRequestBody } from "./api/requests.body.ts";
import { diagnoseStoredRequest } from "./api/requests.diagnosis.ts";
import { getRequest } from "./api/requests.get.ts";
import { listRequests } from "./api/requests.list.ts";
import { getIndex } from "./api/service.index.ts";
import { getLiveness } from "./api/service.livez.ts";
import { getMetrics } from "./api/service.metrics.ts";
import { previewSchedule } from "./api/schedule-preview.ts";
import { openApiRoute } from "./api/service.openapi.ts";
import { getReadiness } from "./api/service.readyz.ts";
import { createSource } from "./api/sources.create.ts";
import { deleteSource } from "./api/sources.delete.ts";
import { getSource } from "./api/sources.get.ts";
import { showLearnedSecret } from "./api/sources.learned-secret.ts";
import { listSources } from "./api/sources.list.ts";
import { rotateSourceSecret } from "./api/sources.rotate-secret.ts";
import { updateSource } from "./api/sources.update.ts";
import { createSubscription } from "./api/subscriptions.create.ts";
import { deleteSubscription } from "./api/subscriptions.delete.ts";
import { getSubscription } from "./api/subscriptions.get.ts";
import { listSubscriptions } from "./api/subscriptions.list.ts";
import { testFilter } from "./api/subscriptions.test-filter.ts";
import { updateSubscription } from "./api/subscriptions.update.ts";
import { tail } from "./api/tail.ts";
import { type Route, route } from "./route.ts";
import * as d from "./schemas/delivery.ts";
import * as t from "./schemas/destination.ts";
import * as e from "./schemas/event.ts";
import { emptyBody } from "./schemas/fields.ts";
import * as j from "./schemas/job.ts";
import * as n from "./schemas/node.ts";
import * as p from "./schemas/provider.ts";
import * as r from "./schemas/retry.ts";
import * as k from "./schemas/service.ts";
import * as s from "./schemas/source.ts";
import * as u from "./schemas/subscription.ts";

export const ROUTES: readonly Route[] = [
  route("POST", "/v1/sources", "admin", "Make a source", { body: s.sourceCreate, 201: s.source }, createSource),
  route("GET", "/v1/sources", "read", "List sources", { query: s.sourceQuery, 200: s.sourcePage }, listSources),
  route("GET", "/v1/sources/{id}", "read", "Show a source", { 200: s.source }, getSource),
  route("PATCH", "/v1/sources/{id}", "admin", "Change a source", { body: s.sourceUpdate, 200: s.source }, updateSource),
  route("DELETE", "/v1/sources/{id}", "admin", "Delete a source", { 204: "none" }, deleteSource),
  route("POST", "/v1/sources/{id}/rotate-secret", "admin", "Add a secret and let the old ones expire", { body: s.sourceRotate, 200: s.source }, rotateSourceSecret),
  route("POST", "/v1/sources/{id}/learned-secret", "admin", "Show the secret that the provider brought in a handshake", { body: emptyBody, 200: s.source }, showLearnedSecret),

  route("POST", "/v1/destinations", "admin", "Make a destination", { body: t.destinationCreate, 201: t.destination }, createDestination),
  route("GET", "/v1/destinations", "read", "List destinations", { query: t.destinationQuery, 200: t.destinationPage }, listDestinations),
  route("GET", "/v1/destinations/{id}", "read", "Show a destination", { 200: t.destinationDetail }, getDestination),
  route("PATCH", "/v1/destinations/{id}", "admin", "Change a destination", { body: t.destinationUpdate, 200: t.destination }, updateDestination),
  route("DELETE", "/v1/destinations/{id}", "admin", "Delete a destination; what waits for it is cancelled", { 204: "none" }, deleteDestination),
  route("POST", "/v1/destinations/{id}/pause", "admin", "Park its deliveries", { body: emptyBody, 200: t.destination }, pauseDestination),
  route("POST", "/v1/destinations/{id}/resume", "admin", "Make it active again", { body: emptyBody, 200: t.destination }, resumeDestination),
  route("POST", "/v1/destinations/{id}/disable", "admin", "Switch it off with a reason", { body: t.destinationDisable, 200: t.destination }, disableDestination),
  route("POST", "/v1/destinations/{id}/rotate-secret", "admin", "Sign with a new secret", { body: t.destinationRotate, 200: t.destination }, rotateDestinationSecret),
  route(
    "GET",
    "/v1/destinations/{id}/schedule-preview",
    "read",
    "When each attempt would be made",
    { query: r.schedulePreviewQuery, 200: r.schedulePreview },
    previewDestinationSchedule,
  ),
  route(
    "POST",
    "/v1/schedule-preview",
    "admin",
    "When attempts would be made with a policy that is not saved",
    { body: r.schedulePreviewCreate, 200: r.schedulePreview },
    previewSchedule,
  ),

  route("POST", "/v1/subscriptions", "admin", "Make a subscription", { body: u.subscriptionCreate, 201: u.subscription }, createSubscription),
  route("GET", "/v1/subscriptions", "read", "List subscriptions", { query: u.subscriptionQuery, 200: u.subscriptionPage }, listSubscriptions),
  route("POST", "/v1/subscriptions/test-filter", "admin", "Try a filter", { body: u.filterTest, 200: u.filterVerdict }, testFilter),
  route("GET", "/v1/subscriptions/{id}", "read", "Show a subscription", { 200: u.subscription }, getSubscription),
  route("PATCH", "/v1/subscriptions/{id}", "admin", "Change a subscription", { body: u.subscriptionUpdate, 200: u.subscription }, updateSubscription),
  route("DELETE", "/v1/subscriptions/{id}", "admin", "Delete a subscription", { 204: "none" }, deleteSubscription),

  route("POST", "/v1/events", "publish", "Publish an event", { body: e.eventPublish, 202: e.eventAccepted }, publishEvent),
  route("GET", "/v1/events", "read", "List events", { query: e.eventQuery, 200: e.eventPage }, listEvents),
  route("GET", "/v1/events/{id}", "read", "Show an event", { query: e.eventFormat, 200: e.event, otherTypes: { [CLOUD_EVENT_TYPE]: e.cloudEvent } }, getEvent),
  route("GET", "/v1/events/{id}/body", "read", "The exact bytes of an event", { 200: "bytes" }, getEventBody),
  route("GET", "/v1/events/{id}/deliveries", "read", "Where an event went", { query: d.eventDeliveriesQuery, 200: d.deliveryPage }, listEventDeliveries),
  route("GET", "/v1/events/{id}/explain", "read", "Why each subscription took it or not", { 200: e.explanation }, explainEvent),

  route("GET", "/v1/requests", "read", "List requests to the ingest URLs", { query: e.requestQuery, 200: e.requestPage }, listRequests),
  route("GET", "/v1/requests/{id}", "read", "Show a request", { 200: e.requestRecord }, getRequest),
  route("GET", "/v1/requests/{id}/body", "read", "The kept bytes of a request", { 200: "bytes" }, getRequestBody),
  route("GET", "/v1/requests/{id}/diagnosis", "read", "Why a request verifies or not", { 200: e.requestDiagnosis }, diagnoseStoredRequest),

  route("GET", "/v1/providers", "read", "List the providers", { query: p.providerQuery, 200: p.providerPage }, listProviders),
  route("GET", "/v1/providers/{id}", "read", "Show a provider", { 200: p.provider }, getProvider),

  route("GET", "/v1/deliveries", "read", "List deliveries", { query: d.deliveryQuery, 200: d.deliveryPage }, listDeliveries),
  route("GET", "/v1/deliveries/{id}", "read", "Show a delivery with its attempts", { 200: d.deliveryDetail }, getDelivery),
  route("POST", "/v1/deliveries/{id}/retry", "admin", "Try a delivery again now", { body: emptyBody, 202: d.delivery }, retryDelivery),
  route("POST", "/v1/deliveries/{id}/cancel", "admin", "Cancel a delivery", { body: emptyBody, 202: d.delivery }, cancelDelivery),
  route("GET", "/v1/attempts", "read", "List attempts", { query: d.attemptQuery, 200: d.attemptPage }, listAttempts),
  route("GET", "/v1/attempts/{id}", "read", "Show an attempt", { 200: d.attempt }, getAttempt),

  route("POST", "/v1/jobs", "admin", "Replay events, recover or cancel deliveries", { body: j.jobCreate, 200: j.jobPlan, 201: j.job }, createJob),
  route("GET", "/v1/jobs", "read", "List jobs", { query: j.jobQuery, 200: j.jobPage }, listJobs),
  route("GET", "/v1/jobs/{id}", "read", "Show a job", { 200: j.job }, getJob),
  route("POST", "/v1/jobs/{id}/cancel", "admin", "Cancel a job", { body: emptyBody, 202: j.job }, cancelJob),

  route("POST", "/v1/api-keys", "admin", "Make an API key", { body: k.apiKeyCreate, 201: k.apiKey }, createApiKey),
  route("GET", "/v1/api-keys", "admin", "List API keys", { query: k.apiKeyQuery, 200: k.apiKeyPage }, listApiKeys),
  route("DELETE", "/v1/api-keys/{id}", "admin", "Delete an API key", { 204: "none" }, deleteApiKey),

  route("GET", "/v1/nodes", "read", "List the nodes that share the store", { query: n.nodeQuery, 200: n.nodePage }, listNodes),

  route("GET", "/v1/tail", "read", "Watch what happens", { query: k.tailQuery, 200: "events" }, tail),

  route("GET", "/", null, "What runs here", { 200: k.serviceIndex }, getIndex),
  route("GET", "/livez", null, "Whether the process answers", { 200: k.health }, getLiveness),
  route("GET", "/readyz", null, "Whether the store can commit", { 200: k.health }, getReadiness),
  route("GET", "/metrics", null, "Counters for Prometheus", { 200: "text" }, getMetrics),
  route(
    "GET",
    "/openapi.json",
    null,
    "This API as OpenAPI 3.1",
    { 200: k.openApiDocument },
    openApiRoute(() => ROUTES),
  ),
];
