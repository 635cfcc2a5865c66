// Requests to one node: an answer within a deadline or none, never an exception, as a sender on the internet sees it.

/** Above what a node may take to say that the database is away: 3 s for a connection and 7 s for a statement. */
const ANSWER_MS_MAX = 15_000;
/** For whoever only looks. */
const LOOK_MS_MAX = 5_000;

export interface NodeAnswer<T = unknown> {
  status: number;
  retryAfter: string | null;
  /** Null where it is no JSON. */
  body: T;
}

export interface NodeCaller {
  /** What a request with a body to the API brings. */
  readonly authorized: Readonly<Record<string, string>>;
  get<T = Record<string, unknown>>(path: string): Promise<NodeAnswer<T> | null>;
  /** Text of /metrics; empty when there is no answer. */
  metric(name: string): Promise<number | null>;
  /** With the API key, unless the headers say more. Null when there is no answer. */
  post<T = Record<string, unknown>>(
    path: string,
    body: string,
    options?: { headers?: Record<string, string>; deadlineMs?: number },
  ): Promise<NodeAnswer<T> | null>;
}

export function createCaller(url: () => string | undefined, apiKey: string): NodeCaller {
  async function text(path: string, init: RequestInit, deadlineMs: number): Promise<NodeAnswer<string> | null> {
    const base = url();
    if (base === undefined) return null;
    try {
      const answer = await fetch(new URL(path, base), { ...init, signal: AbortSignal.timeout(deadlineMs) });
      // The status line is what counts for a sender: one whose body gets lost has been answered all the same.
      const body = await answer.text().catch(() => "");
      return { status: answer.status, retryAfter: answer.headers.get("retry-after"), body };
    } catch {
      return null;
    }
  }

  async function call<T>(path: string, init: RequestInit, deadlineMs = ANSWER_MS_MAX): Promise<NodeAnswer<T> | null> {
    const answer = await text(path, init, deadlineMs);
    return answer && { ...answer, body: parsed(answer.body) as T };
  }

  const authorized = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  return {
    authorized,
    get: (path) => call(path, { headers: { authorization: authorized.authorization } }, LOOK_MS_MAX),
    async metric(name) {
      const answer = await text("/metrics", {}, LOOK_MS_MAX);
      const line = answer?.body.split("\n").find((one) => one.startsWith(`${name} `));
      return line === undefined ? null : Number(line.slice(name.length + 1));
    },
    post: (path, body, { headers, deadlineMs } = {}) => call(path, { method: "POST", headers: headers ?? authorized, body }, deadlineMs),
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
