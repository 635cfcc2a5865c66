// Every bound of the SDK, with its unit last.

export const limits = {
  /** Signatures of one request that are tried; later ones are ignored. */
  signaturesMax: 8,
  /** Secrets of one source: current, previous, and one to spare. */
  secretsMax: 3,
  /** Shortest HMAC key, token or password pair that is accepted. */
  secretBytesMin: 8,
  /** The standard asks for 24, but keys of 18 are in the field (the example in Svix's own documentation). */
  standardSecretBytesMin: 16,
  secretCharsMax: 4096,
  /** Longest event id or type that is extracted; both become keys of indexes. */
  eventFactCharsMax: 256,
  /** Larger bodies are not re-serialised by diagnose. */
  diagnoseBodyBytesMax: 1024 * 1024,
  /** RSA keys from 2048 to 8192 bits. */
  rsaBytesMin: 256,
  rsaBytesMax: 1024,
  /** Keys of one JWKS. */
  jwksKeysMax: 16,
  /** Vendors' keys that one keyring holds. */
  keyringEntriesMax: 256,
  /** Questions one keyring asks in a minute, because senders nobody has verified yet cause them. */
  keyringQuestionsPerMinuteMax: 60,
  /** Characters of an answer with keys. */
  keyAnswerCharsMax: 256 * 1024,
  /** Bytes of an answer that an adapter reads from a vendor. */
  vendorAnswerBytesMax: 256 * 1024,
  /** Characters of a JSON Web Token; larger ones are not decoded. */
  jwtCharsMax: 16 * 1024,
  /** Items of one body that are signed one by one. */
  signedItemsMax: 100,
  /** Headers that one request may name as signed. */
  signedHeadersMax: 64,
  /** Characters of a value that a handshake repeats; the longest known are tokens of Microsoft Graph. */
  handshakeValueCharsMax: 4096,
  /** Larger bodies are no handshake; the largest known, of Amazon SNS, have 2 KiB. */
  handshakeBodyBytesMax: 16 * 1024,
  /** Items of a batch; HubSpot sends up to 100, SendGrid some thousand. */
  batchItemsMax: 10_000,
  /** How deep the JSON of a batch or a CloudEvent may be nested. */
  jsonDepthMax: 128,
  /** Parts of a multipart form that are read. */
  formPartsMax: 64,
  /** Largest body an adapter takes unless told otherwise. */
  receivedBodyBytesMax: 10 * 1024 * 1024,
  /** What an adapter reads on of a body that is too large, so that a sender that only listens at the end hears the 413. */
  discardedBodyBytesMax: 16 * 1024 * 1024,
} as const;
