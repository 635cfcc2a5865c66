// From the kind of a scheme to its code: the one place that lists all of them.
import type { SchemeConfig } from "../config.ts";
import type { CompiledScheme, CompiledSigner } from "../plan.ts";
import { ConfigError } from "../result.ts";
import { compileAsymmetric } from "./asymmetric.ts";
import { compileAsymmetricSigner } from "./asymmetric-sign.ts";
import { compileBasic, compileBasicSigner } from "./basic.ts";
import { compileBodySignature } from "./body-signature.ts";
import { compileBodySignatureSigner } from "./body-signature-sign.ts";
import { compileCanonical, compileCanonicalSigner } from "./canonical.ts";
import { compileHmac } from "./hmac.ts";
import { compileHmacSigner } from "./hmac-sign.ts";
import { compileHttpSignature } from "./http-signature.ts";
import { compileHttpSignatureSigner } from "./http-signature-sign.ts";
import { compileJwt } from "./jwt.ts";
import { compileJwtSigner } from "./jwt-sign.ts";
import { compileNone, compileNoneSigner } from "./none.ts";
import { compileStandardWebhooks, compileStandardWebhooksSigner } from "./standard-webhooks.ts";
import { compileToken, compileTokenSigner } from "./token.ts";

export function compileScheme(config: SchemeConfig): CompiledScheme {
  const { scheme } = config.provider;
  switch (scheme.kind) {
    case "hmac":
      return compileHmac(config, scheme);
    case "standard-webhooks":
      return compileStandardWebhooks(config, scheme);
    case "token":
      return compileToken(config, scheme);
    case "basic":
      return compileBasic(config);
    case "none":
      return compileNone(config);
    case "asymmetric":
      return compileAsymmetric(config, scheme);
    case "jwt":
      return compileJwt(config, scheme);
    case "body-signature":
      return compileBodySignature(config, scheme);
    case "canonical":
      return compileCanonical(config, scheme);
    case "http-signature":
      return compileHttpSignature(config, scheme);
    default:
      return unknownKind(scheme);
  }
}

export function compileSigner(config: SchemeConfig): CompiledSigner {
  const { scheme } = config.provider;
  switch (scheme.kind) {
    case "hmac":
      return compileHmacSigner(config, scheme);
    case "standard-webhooks":
      return compileStandardWebhooksSigner(config, scheme);
    case "token":
      return compileTokenSigner(config, scheme);
    case "basic":
      return compileBasicSigner(config);
    case "none":
      return compileNoneSigner(config);
    case "jwt":
      return compileJwtSigner(config, scheme);
    case "canonical":
      return compileCanonicalSigner(config, scheme);
    case "asymmetric":
      return compileAsymmetricSigner(config, scheme);
    case "body-signature":
      return compileBodySignatureSigner(config, scheme);
    case "http-signature":
      return compileHttpSignatureSigner(config);
    default:
      return unknownKind(scheme);
  }
}

// A provider record may come from a file, where the compiler has not looked.
function unknownKind(scheme: never): never {
  throw new ConfigError("provider.scheme.kind", `"${(scheme as { kind: string }).kind}" is not a scheme`);
}
