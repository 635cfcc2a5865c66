// The parts of the API's answers that commands show. Only those are named: a server of another version may say more.

export interface EventItem {
  id: string;
  type: string;
  sourceId: string | null;
  tenantId: string | null;
  key: string | null;
  providerEventId: string | null;
  channels: string[];
  receivedAt: string;
  deliverAt: string | null;
  bodyBytes: number;
}

export interface RequestItem {
  id: string;
  sourceId: string | null;
  outcome: string;
  cause: string | null;
  message: string | null;
  eventId: string | null;
  receivedAt: string;
  bodyBytes: number;
}

export interface DeliveryItem {
  id: string;
  eventId: string;
  destinationId: string;
  subscriptionId: string | null;
  status: string;
  attempts: number;
  nextAttemptAt: string | null;
  reason: string | null;
  createdAt: string;
  finishedAt: string | null;
}

export interface AttemptItem {
  id: string;
  number: number;
  startedAt: string;
  durationMs: number;
  result: { kind: "response"; status: number } | { kind: "failure"; failure: string; message: string };
}

export interface SourceItem {
  id: string;
  name: string;
  provider: string;
  enabled: boolean;
  url: string;
  createdAt: string;
}

export interface DestinationItem {
  id: string;
  name: string;
  url: string;
  state: { kind: string };
  createdAt: string;
}

export interface SubscriptionItem {
  id: string;
  name: string | null;
  enabled: boolean;
  sourceId: string | null;
  destinationId: string;
  eventTypes: string[];
  filter: unknown;
}

export interface JobItem {
  id: string;
  kind: string;
  status: string;
  eventsSeen: number;
  eventsTotal: number;
  deliveriesCreated: number;
  message: string | null;
  createdAt: string;
}
