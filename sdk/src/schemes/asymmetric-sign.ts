// The recipe of a signature with a key pair run forwards, for test events: signed with a private key of one's own.
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { crc32 } from "../crc32.ts";
import { utf8Text } from "../encoding.ts";
import { formOf, formType, onlyField } from "../form.ts";
import { jsonObject } from "../json.ts";
import type { CompiledSigner, PreparedSignature, SignRequest } from "../plan.ts";
import type { AsymmetricScheme } from "../provider.ts";
import { headerReader } from "../request.ts";
import { ConfigError } from "../result.ts";
import { compileTemplate } from "../template.ts";
import { formatTimestamp } from "../timestamp.ts";
import { signingCertUrl } from "./asymmetric-cert-url.ts";
import { signingKey } from "./asymmetric-keys.ts";
import { signedHeaders } from "./signed-headers.ts";

/** Signs with the first secret, a private key. Throws ConfigError for another key and for absent or unknown parameters. */
export function compileAsymmetricSigner(config: SchemeConfig, scheme: AsymmetricScheme): CompiledSigner {
  const { alg, enc, certUrl, algorithmHeader, ts } = scheme;
  const reader = headerReader();
  const template = compileTemplate(scheme.content, "provider.scheme.content", config.params, reader);
  refuseUnknownParams(config, certUrl === undefined ? template.params : [...template.params, "certUrl"]);
  const fixed: [string, string][] = [];
  if (algorithmHeader !== undefined) fixed.push([algorithmHeader.name, algorithmHeader.value]);
  if (certUrl !== undefined) fixed.push([certUrl.header, signingCertUrl(config.params, certUrl)]);

  function prepare(request: SignRequest): PreparedSignature {
    const timestamp = ts === undefined ? "" : formatTimestamp(request.timestampMs, ts.unit);
    // A vendor that signs a header with a name of its own there gives each request an id: ours is the event's.
    const headers = signedHeaders({ template, reader, request, isId: () => true });
    const form = formAround(request.body, template.fields[0]);
    const body = form ?? request.body;
    const signed = { ...request, body: scheme.bodyAs === "crc32" ? String(crc32(body)) : body };
    const content = template.render(signed, reader.read(headers), timestamp);
    if ("ok" in content) throw new ConfigError(template.fields.length > 0 ? "body" : "request", content.message);
    if (ts !== undefined) headers.push([ts.header, timestamp]);
    if (form !== undefined) headers.push(formType());
    return {
      content,
      finish: ([signature = ""]) => ({
        headers: [...headers, ...fixed, [scheme.header, signature]],
        ...(form === undefined ? {} : { body: form }),
      }),
    };
  }

  return { keys: [signingKey(config, alg)], encoding: enc, prepare };
}

/** Where a field of a form is signed, its JSON may be given by itself: then the form around it. */
function formAround(body: SignRequest["body"], field: string | undefined): string | undefined {
  if (field === undefined || onlyField(body, field) !== undefined || jsonObject(body) === undefined) return undefined;
  return formOf({ [field]: utf8Text(body) ?? "" });
}
