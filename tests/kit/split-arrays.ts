// A splitter for tests: JSON arrays, whose items carry id, type and time beside whatever else.
import type { BatchItem, SplitBatch } from "../../src/flow/split.ts";

interface Fields {
  id?: string;
  type?: string;
  timeMs?: number;
}

/** The items' bytes are written anew; that a real splitter keeps them is its own promise. Also loaded by threads. */
export const splitBatch: SplitBatch = (_provider, { body }) => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  return parsed.map((item: Fields): BatchItem => {
    const { id, type, timeMs } = item;
    return { body: Buffer.from(JSON.stringify(item)), id, type, timeMs };
  });
};
