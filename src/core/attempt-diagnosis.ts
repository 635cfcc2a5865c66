// What an attempt's end means in plain language: one sentence for what happened, one for what to do about it.
import type { AttemptFacts, FailureDetail } from "./attempt-facts.ts";
import type { Attempt } from "./delivery.ts";
import { headerValue } from "./event.ts";

/** Who can mend it: the receiver's owner, whoever set up the destination, or the operator of this server. */
export type DiagnosisOwner = "receiver" | "destination" | "operator";

export interface Diagnosis {
  severity: "warning" | "error";
  owner: DiagnosisOwner;
  /** What happened. */
  summary: string;
  /** What to do. */
  fix: string;
}

type Advice = Omit<Diagnosis, "severity">;

/** A certificate is renewed weeks ahead by those who automate it, so one this close to its end has been forgotten. */
const CERTIFICATE_WARNING_DAYS = 14;
const DAY_MS = 86_400_000;

/** Null for an attempt that went well and leaves nothing to say. Pure: everything is judged as of the attempt's own time. */
export function diagnoseAttempt({ startedAt, result, facts }: Pick<Attempt, "startedAt" | "result" | "facts">): Diagnosis | null {
  if (result.kind === "failure") return { severity: "error", ...adviseFailure(result.failure, result.message, facts?.detail ?? null) };
  if (result.status < 200 || result.status > 299) return { severity: "error", ...adviseStatus(result.status, result.headers) };
  const days = certificateDaysLeft(startedAt, facts);
  if (days === null || days >= CERTIFICATE_WARNING_DAYS) return null;
  return {
    severity: "warning",
    owner: "receiver",
    summary: `The TLS certificate of the receiver ends in ${days === 1 ? "1 day" : `${days} days`}; deliveries fail from then on.`,
    fix: "Renew the certificate and load it into the server, and find out why it was not renewed by itself.",
  };
}

/** Whole days from the attempt to the end of the receiver's certificate; null where there was none. */
export function certificateDaysLeft(startedAt: number, facts: AttemptFacts | undefined): number | null {
  const expiresAt = facts?.certificateExpiresAt ?? null;
  return expiresAt === null ? null : Math.max(0, Math.floor((expiresAt - startedAt) / DAY_MS));
}

const receiver = (summary: string, fix: string): Advice => ({ owner: "receiver", summary, fix });
const destination = (summary: string, fix: string): Advice => ({ owner: "destination", summary, fix });

function adviseStatus(status: number, headers: readonly string[]): Advice {
  if (status >= 300 && status <= 399) return adviseRedirect(status, headerValue(headers, "location"));
  const known = STATUS_ADVICE[status];
  if (known !== undefined) return known;
  if (status >= 500) {
    return receiver(
      `The receiver answered ${status}: it took the request and failed while it worked on it.`,
      "Look for the error in the receiver's log at the time of this attempt. The delivery is tried again by its schedule.",
    );
  }
  return receiver(
    `The receiver answered ${status}: it understood the request and does not want it.`,
    "Read its answer below for the reason, and compare the request with what the receiver expects.",
  );
}

const STATUS_ADVICE: Readonly<Record<number, Advice>> = {
  400: receiver(
    "The receiver answered 400: it cannot make sense of the request.",
    "Read its answer below for the reason, and compare the body and its content type with what the receiver expects.",
  ),
  401: destination(
    "The receiver answered 401: it does not accept the credentials or the signature.",
    "Compare the destination's credentials and signing secret with the receiver's, and check that its clock is right.",
  ),
  403: destination(
    "The receiver answered 403: it knows the request and forbids it, often for its signature, its credentials or where it comes from.",
    "Check the destination's credentials and signing secret, and whether a firewall in front of the receiver lets this server in.",
  ),
  404: destination("The receiver answered 404: there is nothing at this path.", "Correct the path in the destination's URL."),
  405: destination(
    "The receiver answered 405: it does not take this method at this path.",
    "Set the destination's method to the one the receiver expects, usually POST, or correct the path.",
  ),
  408: receiver(
    "The receiver answered 408: it waited for the request longer than it wants to.",
    "Raise the receiver's request timeout, or look for a slow proxy in front of it.",
  ),
  410: receiver(
    "The receiver answered 410: this endpoint is gone for good, so the destination was switched off.",
    "Give the destination its new URL and resume it, or delete it.",
  ),
  413: receiver(
    "The receiver answered 413: the body is larger than it takes.",
    "Raise the body limit of the receiver and of the proxy in front of it, or send it fewer or smaller events.",
  ),
  415: destination(
    "The receiver answered 415: it does not take this content type.",
    "Compare the request's content-type with what the receiver expects, and set it as a header of the destination if it must differ.",
  ),
  421: destination(
    "The receiver answered 421: this server does not answer for that host name.",
    "Check the host in the destination's URL, and serverName in its TLS settings.",
  ),
  422: receiver(
    "The receiver answered 422: it read the body and does not accept what it says.",
    "Read its answer below for the field it objects to.",
  ),
  429: receiver(
    "The receiver answered 429: it gets more requests than it allows.",
    "Lower the destination's concurrency, or raise the receiver's limit. The wait it asks for is kept.",
  ),
  502: receiver(
    "The receiver answered 502: a proxy in front of it got no valid answer from the application.",
    "Check that the application behind the proxy runs and answers.",
  ),
  503: receiver(
    "The receiver answered 503: it is overloaded or down for maintenance.",
    "Check that it runs. The delivery is tried again by its schedule.",
  ),
  504: receiver(
    "The receiver answered 504: a proxy in front of it waited in vain for the application.",
    "Answer first and do the work afterwards, or raise the proxy's timeout.",
  ),
};

function adviseRedirect(status: number, location: string | undefined): Advice {
  const host = shownHost(location);
  return destination(
    `The receiver answered ${status}, a redirect${host === null ? "" : ` to ${host}`}. Redirects are never followed, because they could lead anywhere.`,
    host === null
      ? "Open the destination's URL to see where it leads, and put the final URL into the destination."
      : `Change the destination's URL to the address on ${host} that the location header names, if you trust it.`,
  );
}

const PRIVATE_SUFFIX = /\.(localhost|localdomain|local|internal|intranet|private|lan|home|corp|arpa|onion)$/;

/** The host of a redirect when it is a name of the public internet: a receiver must not make us repeat names from inside. */
function shownHost(location: string | undefined): string | null {
  const host = location === undefined ? undefined : URL.parse(location)?.hostname.replace(/\.$/, "");
  if (host === undefined || host.length > 253 || !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host)) return null;
  return PRIVATE_SUFFIX.test(host) || /\.\d+$/.test(host) ? null : host;
}

function adviseFailure(failure: string, message: string, detail: FailureDetail | null): Advice {
  const byDetail = detail === null ? undefined : DETAIL_FIX[detail];
  const [owner, fix] = byDetail ?? FAILURE_FIX[failure] ?? UNKNOWN_FIX;
  return { owner, summary: message, fix };
}

type Fix = readonly [owner: DiagnosisOwner, fix: string];

const UNKNOWN_FIX: Fix = ["receiver", "Check that the receiver is up and reachable from the internet."];
const GUARD_FIX: Fix = [
  "destination",
  "Give the destination a URL on the public internet, or ask the operator of this server to allow the address.",
];

const FAILURE_FIX: Readonly<Record<string, Fix>> = {
  blocked_address: GUARD_FIX,
  invalid_url: ["destination", "Correct the destination's URL."],
  invalid_request: [
    "destination",
    "Correct the destination's headers, method, credentials or certificates; the sentence above names them.",
  ],
  dns_error: ["receiver", "Check the host name in the destination's URL, and the DNS records of that name."],
  connect_refused: ["receiver", "Start the receiver, or correct the port in the destination's URL."],
  connect_timeout: ["receiver", "Check that the receiver runs and that no firewall drops connections from this server."],
  connection_reset: [
    "receiver",
    "Look in the receiver's log for a crash or a limit at the time of this attempt, and at any proxy in front of it.",
  ],
  tls_error: ["receiver", "Check the receiver's TLS settings with a tool such as openssl s_client."],
  response_timeout: ["receiver", "Answer with 2xx first and do the work afterwards, or raise the destination's deadlineMs."],
  malformed_response: ["receiver", "Check that an HTTP server answers on this port, and that nothing in front of it garbles its answers."],
  response_headers_too_large: ["receiver", "Send fewer or smaller headers, cookies above all: a webhook needs none."],
  proxy_error: ["operator", "Check the proxy in POSTHORN_OUTBOUND_PROXY. This is no fault of the receiver."],
  auth_error: ["destination", "Check tokenUrl, clientId, clientSecret, scope and audience of the destination."],
  loop: ["destination", "Find the destination that leads back to a source it is fed from, and remove it or filter what it takes."],
  cancelled: ["operator", "Nothing: the server was stopped during the attempt, and makes it again after its start."],
  network_error: UNKNOWN_FIX,
};

const CLIENT_CERTIFICATE_FIX: Fix = [
  "destination",
  "Give the destination a client certificate and key that the receiver accepts (tls.clientCertPem, tls.clientKeyPem).",
];
const AUTHORITY_FIX: Fix = [
  "receiver",
  "Use a certificate of a public authority, or give the destination the certificate of yours (tls.caPem).",
];

const DETAIL_FIX: Readonly<Partial<Record<FailureDetail, Fix>>> = {
  dns_not_found: ["destination", "Correct the host name in the destination's URL, or create its DNS record."],
  dns_timeout: ["receiver", "Check the name servers of the receiver's domain, and this server's own connection to DNS."],
  lanes_busy: ["receiver", "Make the receiver answer faster, or lower what is sent to it."],
  tls_phase: ["receiver", "Check that a TLS server listens on this port: it took the connection and then said nothing in time."],
  body_phase: ["receiver", "End the response at once: a webhook needs only a status, and an open or slow body keeps the attempt waiting."],
  kept_open: [
    "receiver",
    "Nothing, when it happens now and then. Keep idle connections open for more than 5 s if it happens often, and treat events as repeatable.",
  ],
  tls_closed: ["receiver", "Check that the receiver serves TLS for this host name on this port, and whether a firewall cuts it off."],
  tls_expired: ["receiver", "Renew the certificate, and load the new one into the server."],
  tls_not_yet_valid: ["receiver", "Check the dates of the certificate, and the clocks of both machines."],
  tls_revoked: ["receiver", "Install a new certificate."],
  tls_self_signed: AUTHORITY_FIX,
  tls_unknown_authority: AUTHORITY_FIX,
  tls_incomplete_chain: [
    "receiver",
    "Configure the server to send its intermediate certificates (the full chain), or give the destination its authority (tls.caPem).",
  ],
  tls_wrong_host: [
    "receiver",
    "Use the host name that the certificate is for, or get one for this name; serverName in the destination's TLS settings helps where they must differ.",
  ],
  tls_old_version: ["receiver", "Turn on TLS 1.2 or 1.3 in the server."],
  tls_not_spoken: ["destination", "Correct the port or the scheme in the destination's URL: this port does not serve https."],
  tls_client_certificate: CLIENT_CERTIFICATE_FIX,
  own_address: [
    "destination",
    "Send to the receiver itself. To pass events between sources of this server, subscribe both receivers instead.",
  ],
  proxy_credentials: ["operator", "Correct the user name and password in POSTHORN_OUTBOUND_PROXY."],
  proxy_refused: [
    "operator",
    "Allow this host and port in the proxy's rules, or leave it out of the destinations. The receiver was not asked.",
  ],
  proxy_no_route: [
    "operator",
    "Check from the proxy whether the destination's host can be reached: the proxy does not say which side failed.",
  ],
  token_unreachable: ["destination", "Check the token URL and that it can be reached from this server."],
  token_refused: ["destination", "Check clientId, clientSecret, scope and audience, and whether the client may use client_credentials."],
  token_malformed: ["destination", "Check that tokenUrl is the token endpoint: it must answer JSON with access_token and type Bearer."],
};
