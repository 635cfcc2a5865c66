// What a node does of the whole: takes webhooks, serves the API, or dispatches and delivers.

export const ROLES = ["ingest", "api", "worker"] as const;
export type Role = (typeof ROLES)[number];
