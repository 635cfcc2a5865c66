// One signature of the vendor's private key over a template of the request, in a header: Discord, SendGrid, PayPal.
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { crc32 } from "../crc32.ts";
import { decode } from "../encoding.ts";
import type { CompiledScheme, Plan } from "../plan.ts";
import type { AsymmetricScheme } from "../provider.ts";
import { headerReader, type HeaderValues, type WebhookRequest } from "../request.ts";
import { failure, type VerifyFailure } from "../result.ts";
import { compileTemplate } from "../template.ts";
import { checkTimestamp, type TimestampCheck } from "../timestamp.ts";
import { checkCertUrl } from "./asymmetric-cert-url.ts";
import { asymmetricKeys, fitsAlgorithm } from "./asymmetric-keys.ts";
import { textParam } from "./hmac-params.ts";

const mismatch = failure(
  "signature_mismatch",
  "The signature does not match: the public key is another one, or the body is not the exact bytes that were signed.",
);

/** Throws ConfigError for a key that is no public key of the algorithm, and for absent or unknown parameters. */
export function compileAsymmetric(config: SchemeConfig, scheme: AsymmetricScheme): CompiledScheme {
  const { alg, enc, certUrl, algorithmHeader, ts } = scheme;
  const reader = headerReader();
  const template = compileTemplate(scheme.content, "provider.scheme.content", config.params, reader);
  refuseUnknownParams(config, certUrl === undefined ? template.params : [...template.params, "certUrl"]);
  const configuredCertUrl = textParam(config.params, "certUrl");
  const keys = asymmetricKeys(config, [alg]);
  // Compiled now, so that the reader knows every header it must look for.
  for (const name of [scheme.header, ts?.header, certUrl?.header, algorithmHeader?.name]) if (name !== undefined) reader.slot(name);
  const header = (values: HeaderValues, name: string): string | VerifyFailure => needHeader(values[reader.slot(name)], name);
  const check: TimestampCheck | undefined = ts && {
    unit: ts.unit,
    toleranceSeconds: config.toleranceSeconds ?? ts.toleranceSeconds,
    future: true,
  };

  function checkSource(values: HeaderValues): VerifyFailure | undefined {
    if (algorithmHeader !== undefined) {
      const name = header(values, algorithmHeader.name);
      if (typeof name !== "string") return name;
      if (name !== algorithmHeader.value)
        return failure("algorithm_not_allowed", `The header ${algorithmHeader.name} is not ${algorithmHeader.value}.`);
    }
    if (certUrl === undefined) return undefined;
    const url = header(values, certUrl.header);
    return typeof url === "string" ? checkCertUrl(url, certUrl, configuredCertUrl) : url;
  }

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const values = reader.read(request.headers);
    const signature = header(values, scheme.header);
    if (typeof signature !== "string") return signature;
    const untrusted = checkSource(values);
    if (untrusted !== undefined) return untrusted;
    const bytes = decode(enc, signature);
    if (bytes === undefined || !fitsAlgorithm(alg, bytes.length))
      return failure("malformed_signature", `The header ${scheme.header} is not ${enc} of a signature of the full length.`);
    let timestamp = "";
    if (ts !== undefined && check !== undefined) {
      const value = header(values, ts.header);
      if (typeof value !== "string") return value;
      const failed = checkTimestamp(value, check, nowMs);
      if (failed !== undefined) return failed;
      timestamp = value;
    }
    const signed = scheme.bodyAs === "crc32" ? { ...request, body: String(crc32(request.body)) } : request;
    const content = template.render(signed, values, timestamp);
    return "ok" in content ? content : { ok: true, content, candidates: [{ algorithm: alg, bytes }] };
  }

  return { keys, unsigned: false, mismatch, read };
}

/** The value of a header that must be there once, or the failure. */
export function needHeader(value: string | null | undefined, name: string): string | VerifyFailure {
  if (value === undefined) return failure("missing_header", `The header ${name} is missing.`);
  if (value === null) return failure("duplicate_header", `The header ${name} is present more than once.`);
  return value;
}
