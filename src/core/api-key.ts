// An API key: who may call the API, and what for. Only its hash is kept.

/** `admin` may do everything, `read` may GET, `publish` may hand in events. */
export const API_KEY_SCOPES = ["admin", "publish", "read"] as const;

export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

export interface ApiKey {
  id: string;
  name: string;
  scopes: ApiKeyScope[];
  /** SHA-256 of the whole key, in hex. Keys hold 256 random bits, so a slow hash would add nothing. */
  hash: string;
  /** First and last characters, enough for its owner to tell keys apart. */
  hint: string;
  /** `preset` is the one key that comes from the settings; it follows them at every start. */
  origin: "created" | "preset";
  createdAt: number;
  /** Milliseconds since the Unix epoch; null never. */
  expiresAt: number | null;
}
