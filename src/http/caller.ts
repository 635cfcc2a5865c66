// Who calls, and whether this node knows enough to answer: on several nodes behind one port, what one has answered the others know.
import type { ApiKey } from "../core/api-key.ts";
import { ProblemError } from "../errors.ts";
import { authenticate, authorize } from "./auth.ts";
import type { Api, Route } from "./route.ts";

export const ANONYMOUS: ApiKey = { id: "", name: "", scopes: [], hash: "", hint: "", origin: "created", createdAt: 0, expiresAt: null };

/** The caller's key; a promise where other nodes may have changed something. Throws or rejects with a ProblemError. */
export function callerOf(api: Api, one: Route, authorization: string | undefined): ApiKey | Promise<ApiKey> {
  if (one.path.startsWith("/v1/") && !api.roles.includes("api")) {
    throw new ProblemError("wrong_role", "This node serves no API; one with the role api does.");
  }
  if (one.scope === null) return ANONYMOUS;
  const { scope } = one;
  const check = () => {
    const key = authenticate(api.catalog, authorization, api.clock.now());
    authorize(key, scope);
    return key;
  };
  return api.isShared ? checkAmongNodes(api, one, check) : check();
}

async function checkAmongNodes(api: Api, one: Route, check: () => ApiKey): Promise<ApiKey> {
  let key: ApiKey;
  try {
    key = check();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== "wrong_key") throw error;
    // It may have been made on another node just now. Nobody without a key gets to ask for more than five of these a second.
    await api.flow.secondLook();
    key = check();
  }
  // Publishing needs nothing of the configuration: dispatch makes sure that it routes by the newest.
  if (one.scope === "publish") return key;
  await api.flow.freshen({ health: one.method === "GET" || one.path.startsWith("/v1/deliveries") });
  // The key itself may be gone since.
  return check();
}
