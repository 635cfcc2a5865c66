// A destination as it is shown: of its credentials only hints.
import type { Destination } from "../../core/destination.ts";
import { secretHint } from "../../flow/catalog-keys.ts";
import type { HealthReport } from "../../flow/destination-health.ts";
import type { DestinationDetailView, DestinationView } from "../schemas/destination.ts";
import { timeView, timeViewOrNull } from "./times.ts";

const SECRET_NAME = /authorization|cookie|token|secret|password|signature|credential|key/i;

/** `secret` is given in the one answer that shows a secret we made. */
export function destinationView(destination: Destination, secret?: string): DestinationView {
  const { headers, auth, signature, tls, retry, state, method, createdAt, updatedAt, ...plain } = destination;
  return {
    ...plain,
    method: method as DestinationView["method"],
    ...(secret === undefined ? {} : { secret }),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, SECRET_NAME.test(name) ? secretHint(value) : value])),
    auth: authView(auth),
    signature: signatureView(signature),
    // The tail of a key in PEM is the same for all, and its other parts are secret: that there is one is all to say.
    tls: tls === null ? null : { ...tls, clientKeyPem: tls.clientKeyPem === null ? null : { hint: "…" } },
    retry: { scheduleMs: retry.scheduleMs, schedule: retry.schedule ?? null, jitter: retry.jitter, statuses: retry.statuses ?? [] },
    state: state.kind === "active" ? state : { ...state, since: timeView(state.since) },
    createdAt: timeView(createdAt),
    updatedAt: timeView(updatedAt),
  };
}

/** `health` is null only for a destination that goes just now. */
export function destinationDetailView(destination: Destination, health: HealthReport | null): DestinationDetailView {
  return { ...destinationView(destination), health: health === null ? null : healthView(health) };
}

function healthView({ phase, since, probeAt, failingSince, reason, concurrency }: HealthReport): DestinationDetailView["health"] {
  return {
    phase,
    since: timeViewOrNull(since),
    probeAt: timeViewOrNull(probeAt),
    failingSince: timeViewOrNull(failingSince),
    reason,
    concurrency,
  };
}

function authView(auth: Destination["auth"]): DestinationView["auth"] {
  switch (auth.kind) {
    case "none":
      return auth;
    case "basic":
      return { ...auth, password: { hint: secretHint(auth.password) } };
    case "bearer":
      return { ...auth, token: { hint: secretHint(auth.token) } };
    case "apiKey":
      return { ...auth, value: { hint: secretHint(auth.value) } };
    case "oauth2":
      return { ...auth, clientSecret: { hint: secretHint(auth.clientSecret) } };
    case "aws-sigv4": {
      const sessionToken = auth.sessionToken === null ? null : { hint: secretHint(auth.sessionToken) };
      return { ...auth, secretAccessKey: { hint: secretHint(auth.secretAccessKey) }, sessionToken };
    }
  }
}

function signatureView(signature: Destination["signature"]): DestinationView["signature"] {
  switch (signature.kind) {
    case "none":
      return signature;
    case "standard-webhooks":
      return { kind: signature.kind, secrets: signature.secrets.map((value) => ({ hint: secretHint(value) })) };
    case "hmac":
      return { ...signature, secret: { hint: secretHint(signature.secret) } };
  }
}
