// The answers of verification: every way it can end, as values, and the one error that construction throws.

/**
 * Why a request was not accepted. Stable words: they are stored with rejected requests and shown to people.
 *
 * - `missing_header`: a header (or the query parameter of a token) that the scheme needs is absent
 * - `duplicate_header`: such a header is there more than once, so that two readers could see two values
 * - `malformed_signature`: the signature has the wrong prefix, encoding or length
 * - `malformed_timestamp`: the timestamp is not plain digits (or not RFC 3339, where the scheme uses that)
 * - `timestamp_too_old`, `timestamp_in_future`: further from now than the tolerance
 * - `signature_mismatch`: well-formed, but made with another secret or over other bytes
 * - `unknown_signature_version`: only signatures of versions for which no key is configured
 * - `wrong_token`, `wrong_credentials`: the shared token, or user and password, are not the configured ones
 * - `algorithm_not_allowed`: the request names an algorithm this provider does not use, such as `none`
 * - `claim_mismatch`: the token is signed, but for another issuer, audience or account, or lacks a claim
 * - `untrusted_key_source`: the request names a certificate that is not at an address of the vendor
 * - `unknown_key`: signed with a key of the vendor that is not configured here, as after a rotation
 * - `key_unavailable`: the vendor's key could not be fetched just now; nothing is known of the request yet
 * - `no_secret`: there is nothing to verify with
 * - `invalid_config`: the options of `verify()` are unusable; the message names the option
 * - `malformed_request`: the request value itself is unusable, for example a body that is a parsed object
 */
export type VerifyCause =
  | "missing_header"
  | "duplicate_header"
  | "malformed_signature"
  | "malformed_timestamp"
  | "timestamp_too_old"
  | "timestamp_in_future"
  | "signature_mismatch"
  | "unknown_signature_version"
  | "wrong_token"
  | "wrong_credentials"
  | "algorithm_not_allowed"
  | "claim_mismatch"
  | "untrusted_key_source"
  | "unknown_key"
  | "key_unavailable"
  | "no_secret"
  | "invalid_config"
  | "malformed_request";

export interface VerifyFailure {
  readonly ok: false;
  readonly cause: VerifyCause;
  /** One plain sentence for the owner of the endpoint. Never send it to the caller: it tells an attacker what to fix. */
  readonly message: string;
}

export interface VerifySuccess {
  readonly ok: true;
  /** Which of `secrets` verified, from 0; undefined for a `publicKey` and for a provider that signs nothing. */
  readonly secretIndex: number | undefined;
}

export type VerifyResult = VerifySuccess | VerifyFailure;

export function failure(cause: VerifyCause, message: string): VerifyFailure {
  return { ok: false, cause, message };
}

/** Options that cannot work. `path` names the option as in `secrets[1]` or `params.content`. */
export class ConfigError extends TypeError {
  override readonly name = "ConfigError";
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.path = path;
  }
}
