// An attempt as it is shown: what was sent, what came back, over which connection, and what it means.
import { certificateDaysLeft, diagnoseAttempt } from "../../core/attempt-diagnosis.ts";
import type { AttemptFacts } from "../../core/attempt-facts.ts";
import type { Attempt } from "../../core/delivery.ts";
import type { AttemptView } from "../schemas/delivery.ts";
import { bodyView, headerPairsView, timeView, timeViewOrNull } from "./times.ts";

export function attemptView(attempt: Attempt): AttemptView {
  const { request, result, facts } = attempt;
  return {
    id: attempt.id,
    deliveryId: attempt.deliveryId,
    eventId: attempt.eventId,
    destinationId: attempt.destinationId,
    number: attempt.number,
    startedAt: timeView(attempt.startedAt),
    durationMs: attempt.durationMs,
    request: { method: request.method, url: request.url, headers: headerPairsView(request.headers) },
    response:
      result.kind === "response"
        ? {
            status: result.status,
            headers: headerPairsView(result.headers),
            ...bodyView(result.body),
            truncated: result.truncated,
            bytesReceived: facts?.responseBytes ?? null,
          }
        : null,
    failure: result.kind === "failure" ? { code: result.failure, message: result.message } : null,
    timings: facts === undefined ? null : timingsView(facts),
    connection: facts === undefined ? null : connectionView(attempt.startedAt, facts),
    diagnosis: diagnoseAttempt(attempt),
  };
}

function timingsView({ dnsMs, connectMs, tlsMs, firstByteMs, bodyMs }: AttemptFacts): AttemptView["timings"] {
  return { dnsMs, connectMs, tlsMs, firstByteMs, bodyMs };
}

function connectionView(startedAt: number, facts: AttemptFacts): AttemptView["connection"] {
  return {
    reused: facts.reused,
    remote: facts.remote,
    httpVersion: facts.httpVersion,
    tlsVersion: facts.tlsVersion,
    certificateExpiresAt: timeViewOrNull(facts.certificateExpiresAt),
    certificateDaysLeft: certificateDaysLeft(startedAt, facts),
  };
}
