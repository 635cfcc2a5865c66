// Whether a request may come in: the source's own credential, and the signature of its provider.
import type { VerifyCause, VerifyResult, WebhookRequest } from "@posthorn/sdk";
import type { RawRequest } from "../core/event.ts";
import { checkSourceAuth } from "../core/source-auth.ts";
import type { RejectionCause } from "../core/source.ts";
import type { LiveSource } from "./catalog-source.ts";
import type { VendorKeys } from "./vendor-keys.ts";

export interface Refusal {
  cause: RejectionCause;
  message: string;
}

/**
 * Null when the request may come in. A credential can stand for the signature, or be asked for on top of it. A promise
 * only where the vendor's key may have to be fetched: everywhere else the answer costs no turn of the event loop.
 */
export function verifyRequest(
  live: LiveSource,
  request: RawRequest,
  now: number,
  vendorKeys: VendorKeys,
): Refusal | null | Promise<Refusal | null> {
  const credential = checkCredential(live, request);
  if (credential !== "signature") return credential;
  const received = webhookRequest(request);
  const keyed = live.keyed(now);
  if (keyed === null) return refusalOf(live.verify(received, now));
  return vendorKeys.verify(keyed, received, now).then(refusalOf);
}

/** `signature`: what decides is the provider's signature. */
function checkCredential(live: LiveSource, request: RawRequest): Refusal | null | "signature" {
  const { auth } = live.source;
  switch (checkSourceAuth(auth, request.headers)) {
    case "right":
      return auth.kind !== "none" && !auth.required ? null : "signature";
    case "wrong":
      return { cause: "wrong_credentials", message: "The credential in the request is not the source's." };
    case "duplicate":
      return { cause: "duplicate_header", message: "The header with the credential is there more than once." };
    case "missing":
      if (auth.kind !== "none" && auth.required)
        return { cause: "missing_header", message: "The credential the source requires is absent." };
      // An alternative to a signature needs a signature to be the alternative of.
      if (live.source.provider === "none")
        return { cause: "missing_header", message: "The request carries neither a credential nor a signature." };
      return "signature";
    case "not_asked":
      return "signature";
  }
}

function refusalOf(result: VerifyResult): Refusal | null {
  return result.ok ? null : { cause: rejectionCause(result.cause), message: `${result.cause}: ${result.message}` };
}

/** The request as the SDK takes it. */
export function webhookRequest(request: RawRequest): WebhookRequest {
  return { method: request.method, headers: request.headers, body: request.body, url: requestUrl(request) };
}

/** Enough of a URL for a token in the query; schemes that sign the URL get the public one from the source's params. */
function requestUrl(request: RawRequest): string {
  return request.query === "" ? "http://localhost/" : `http://localhost/?${request.query}`;
}

function rejectionCause(cause: VerifyCause): RejectionCause {
  switch (cause) {
    case "missing_header":
    case "duplicate_header":
    case "key_unavailable":
      return cause;
    case "timestamp_too_old":
    case "timestamp_in_future":
      return "stale_timestamp";
    case "wrong_token":
    case "wrong_credentials":
      return "wrong_credentials";
    case "algorithm_not_allowed":
    case "claim_mismatch":
    case "untrusted_key_source":
    case "unknown_key":
    case "malformed_signature":
    case "malformed_timestamp":
    case "signature_mismatch":
    case "unknown_signature_version":
    case "no_secret":
    case "invalid_config":
    case "malformed_request":
      return "bad_signature";
  }
}
