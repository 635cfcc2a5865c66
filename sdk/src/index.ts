// Everything @posthorn/sdk exports: sign and verify webhooks of many providers, without dependencies.
export type { Encoding } from "./encoding.ts";
export { diagnose, type DiagnoseOptions, type Diagnosis, type Hint, type HintCode } from "./diagnose.ts";
export type { OtherSecret } from "./diagnose-key.ts";
export { extract, type EventFacts } from "./extract.ts";
export { checkKeyOptions, fetchesKeys, keyQuestion, type KeyOptions, type KeyQuestion } from "./key-question.ts";
export { createKeyring, type FoundKey, type KeyFetch, type Keyring } from "./keyring.ts";
export { generateKeyPair, generateSecret, type KeyPair } from "./keys.ts";
export type { SignedHeaders } from "./plan.ts";
export type {
  AsymmetricAlgorithm,
  AsymmetricScheme,
  BasicScheme,
  BodySignatureScheme,
  CanonicalScheme,
  CertUrlRule,
  HmacAlgorithm,
  HmacRecipe,
  HmacScheme,
  HttpSignatureScheme,
  JwtAlgorithm,
  JwtScheme,
  KeyEncoding,
  KeySource,
  Location,
  NoneScheme,
  Params,
  Provider,
  Sample,
  Scheme,
  SignatureRule,
  StandardWebhooksScheme,
  TimeLocation,
  TimestampRule,
  TimestampUnit,
  TokenScheme,
} from "./provider.ts";
export { signsUrl, usesKeyPair } from "./provider.ts";
export { findProvider } from "./provider-names.ts";
export { providerById, providers } from "./providers/index.ts";
export type { FetchHeaders, HeadersInput, WebhookRequest } from "./request.ts";
export { ConfigError, type VerifyCause, type VerifyFailure, type VerifyResult, type VerifySuccess } from "./result.ts";
export { createSigner, type Signer, type SignerInput, type SignerOptions } from "./signer.ts";
export { createVerifier, type Verifier, type VerifierOptions } from "./verifier.ts";
export { sign, verify, type SignOptions, type VerifyOptions, type VerifyOutcome } from "./webhook.ts";
export { batchId, splitBatch, type BatchItem } from "./batch.ts";
export { parseCloudEvents, type CloudEvent, type CloudEventMode, type CloudEventsResult } from "./cloudevents.ts";
export type { EventFact } from "./extract.ts";
export {
  createHandshaker,
  type HandshakeAnswer,
  type HandshakeEffect,
  type Handshaker,
  type HandshakerOptions,
  type HandshakePhase,
} from "./handshake.ts";
export type {
  Handshake,
  HandshakeCondition,
  HandshakeDemand,
  HandshakeEffectRule,
  HandshakeMac,
  RequestLocation,
} from "./handshake-rule.ts";
export type { BatchRule } from "./provider.ts";
export { toCloudEvent, type CloudEventInput } from "./to-cloudevent.ts";
