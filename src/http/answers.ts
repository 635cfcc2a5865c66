// The few endings that many handlers share: saved or refused, found or not, and which source a query means.
import { type FieldProblem, ProblemError } from "../errors.ts";
import type { RemoveOutcome, UpdateOutcome } from "../flow/catalog.ts";
import type { Page } from "../store/store.ts";
import { pageBody } from "./cursor.ts";
import { invalid, notFound } from "./problem.ts";
import { type Answer, type Api, type Call, json, NO_CONTENT } from "./route.ts";

/** Saves with `save`, which commits the answer beside the change, and answers it. */
export async function answerSaved<T>(
  call: Call<unknown, unknown>,
  what: string,
  status: number,
  view: (value: T) => unknown,
  save: (remember: (value: T) => ReturnType<Call["remember"]>) => Promise<UpdateOutcome<T>>,
): Promise<Answer> {
  const outcome = await save((value) => call.remember(status, view(value)));
  if (!outcome.ok) throw outcome.problems === null ? notFound(what, call.id) : invalid(outcome.problems);
  if (outcome.repeated !== null) return call.repeat(outcome.repeated);
  return json(status, view(outcome.value));
}

export function answerRemoved(what: string, id: string, outcome: RemoveOutcome): Answer {
  if (outcome.ok) return NO_CONTENT;
  if (outcome.cause === "not_found") throw notFound(what, id);
  const errors = outcome.usedBy.map((user): FieldProblem => ({ path: user, message: `This subscription refers to the ${what}.` }));
  throw new ProblemError(
    "in_use",
    `${errors.length === 1 ? "One subscription refers" : `${errors.length} subscriptions refer`} to this ${what}.`,
    { errors },
  );
}

export function answerFound<T>(what: string, id: string, found: T | null | undefined, view: (found: T) => unknown): Answer {
  if (found === null || found === undefined) throw notFound(what, id);
  return json(200, view(found));
}

export function answerPage<T>(list: string, page: Page<T>, view: (item: T) => unknown): Answer {
  return json(200, pageBody(list, page, view));
}

/** A page that a replica may have answered: a header then says how old it may be. */
export function answerStoredPage<T>(api: Api, list: string, page: Page<T>, view: (item: T) => unknown): Answer {
  const lagMs = api.listsLagMs();
  const body = pageBody(list, page, view);
  return { kind: "json", status: 200, body, ...(lagMs === null ? {} : { headers: { "posthorn-lists-lag-ms": String(lagMs) } }) };
}

/** Resolves `source=github` or `source=src_…` to an id. An unknown id stays: what is deleted still has its records. */
export function resolveId(
  field: "source" | "destination" | "subscription",
  named: string | undefined,
  id: string | undefined,
  known: readonly { id: string; name: string | null }[],
): string | undefined {
  if (named === undefined) return id;
  if (id !== undefined) throw invalid([{ path: field, message: `Give either ${field} or ${field}Id.` }]);
  if (known.some((one) => one.id === named)) return named;
  const matches = known.filter((one) => one.name === named);
  if (matches.length === 1) return matches[0]?.id;
  if (matches.length > 1) throw invalid([{ path: field, message: `${matches.length} have this name; use the id.` }]);
  if (/^(src|dst|sub)_/.test(named)) return named;
  throw invalid([{ path: field, message: `There is no ${field} with this id or name.` }]);
}

/** Bytes somebody else wrote, served from our origin: downloaded, never shown, whatever they claim to be. */
export function answerBody(id: string, body: Uint8Array, contentType: string | null): Answer {
  const type = (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
  return {
    kind: "bytes",
    status: 200,
    contentType: type === "application/json" || type === "text/plain" ? type : "application/octet-stream",
    body,
    headers: {
      "content-disposition": `attachment; filename="${id}.${type === "application/json" ? "json" : type === "text/plain" ? "txt" : "bin"}"`,
    },
  };
}
