// From anything that went wrong to problem+json: what the caller is told, and what only the log sees.
import type { z } from "zod";
import { type ErrorCode, type FieldProblem, type Problem, ProblemError, problemOf } from "../errors.ts";
import { StoreUnavailableError } from "../store/store.ts";

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

export interface Mapped {
  problem: Problem;
  /** What the log gets; null when the caller's own mistake is no news. */
  internal: unknown;
}

export function mapError(error: unknown): Mapped {
  if (error instanceof ProblemError) {
    return { problem: problemOf(error.code, error.message, error.fields), internal: error.cause ?? null };
  }
  if (error instanceof StoreUnavailableError) {
    return { problem: problemOf("store_unavailable", "The store cannot commit now, so nothing was kept."), internal: error };
  }
  const parsed = parserProblem(error);
  if (parsed !== null) return { problem: parsed, internal: null };
  return { problem: problemOf("internal", "The request failed inside Posthorn; nothing is known to be wrong with it."), internal: error };
}

const PARSER_CODES: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["body_too_large", "The body is larger than this server takes for API requests."],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media_type", "The body must be application/json."],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["malformed_request", "The body's length is not the one announced."],
  FST_ERR_CTP_EMPTY_TYPE: ["unsupported_media_type", "The body needs a Content-Type of application/json."],
  FST_ERR_BAD_URL: ["not_found", "The path is not a valid URL path."],
  ECONNRESET: ["malformed_request", "The connection ended before the body did."],
};

/** Errors of the body parser in front of the handlers. */
function parserProblem(error: unknown): Problem | null {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const known = PARSER_CODES[code];
  return known === undefined ? null : problemOf(known[0], known[1]);
}

export function invalid(errors: FieldProblem[]): ProblemError {
  const first = errors[0];
  const detail =
    errors.length === 1 && first !== undefined
      ? `${first.path === "" ? "The body" : first.path}: ${first.message}`
      : `${errors.length} fields are not valid.`;
  return new ProblemError("invalid_request", detail, { errors });
}

export function notFound(what: string, id: string): ProblemError {
  return new ProblemError("not_found", `There is no ${what} ${JSON.stringify(id.slice(0, 64))}.`);
}

const PROBLEMS_MAX = 50;

/** Every offending field of a body or query, with its path. */
export function fieldProblems(error: z.core.$ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, issue.path)).slice(0, PROBLEMS_MAX);
}

function problemsOf(issue: z.core.$ZodIssue, path: PropertyKey[]): FieldProblem[] {
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: pathText([...path, key]), message: "This field is not known here." }));
    case "invalid_union": {
      const branch = closestBranch(issue.errors);
      if (branch === null) return [{ path: pathText(path), message: issue.message }];
      return branch.flatMap((inner) => problemsOf(inner, [...path, ...inner.path]));
    }
    case "invalid_type":
      return [
        {
          path: pathText(path),
          message: issue.input === undefined && issue.message.includes("undefined") ? "This field is needed." : issue.message,
        },
      ];
    default:
      return [{ path: pathText(path), message: issue.message }];
  }
}

/** Of the alternatives, the one the value came closest to: the one whose complaints lie deepest inside it. */
function closestBranch(branches: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | null {
  const deep = branches.filter(
    (issues) => issues.length > 0 && issues.every((issue) => issue.path.length > 0 || issue.code === "unrecognized_keys"),
  );
  if (deep.length === 1) return deep[0] ?? null;
  const sole = branches.filter((issues) => issues.some((issue) => issue.code !== "invalid_type"));
  return sole.length === 1 ? (sole[0] ?? null) : null;
}

/** `secrets[0].value`, as one would write it in code. */
function pathText(path: PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}
