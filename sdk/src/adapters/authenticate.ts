// Verifies the requests of one webhook. Keys are made ready when it is made, or once a vendor's key is known, and then kept.
import type { SchemeConfig } from "../config.ts";
import { knownNodeEngine } from "../engines.ts";
import { fetchesKeys } from "../key-question.ts";
import type { Keyring } from "../keyring.ts";
import type { Plan } from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyResult } from "../result.ts";
import { compileScheme } from "../schemes/index.ts";
import { readPlan, unreadable } from "../verifier.ts";
import { webEngine } from "../web-crypto.ts";
import { configFailure } from "../webhook.ts";

/** Never rejects. */
export type Authenticate = (request: WebhookRequest) => Promise<VerifyResult>;

// A vendor has one key for weeks and two during a rotation; a list of keys counts as one.
const VENDOR_KEYS_MAX = 4;

type Answer = VerifyResult | Promise<VerifyResult>;
type Check = (request: WebhookRequest, nowMs: number) => Answer;

/** Throws ConfigError for secrets and keys that cannot be used; where there is no `node:crypto`, some fail with each request instead. */
export function createAuthenticate(config: SchemeConfig, keyring: Keyring): Authenticate {
  const check = fetchesKeys(config) ? checkWithFetchedKeys(config, keyring) : compileCheck(config);
  return async (request) => {
    try {
      return await check(request, Date.now());
    } catch (error) {
      return configFailure(error);
    }
  };
}

function compileCheck(config: SchemeConfig): Check {
  const scheme = compileScheme(config);
  const engine = knownNodeEngine();
  let run: ((plan: Plan) => Answer) | undefined = engine?.runner(scheme);
  return async (request, nowMs) => {
    // WebCrypto makes keys ready in promises. They are started by a request, because edge runtimes allow little outside of
    // one, and requests that come before the first has ended start their own, because a promise may die with its request.
    run ??= await webEngine.runner(scheme);
    try {
      const plan = readPlan(scheme, request, nowMs);
      return plan.ok ? await run(plan) : plan;
    } catch (error) {
      return unreadable(error);
    }
  };
}

function checkWithFetchedKeys(config: SchemeConfig, keyring: Keyring): Check {
  const checks = new Map<string, Check>();

  function checkFor(publicKey: string): Check {
    let check = checks.get(publicKey);
    if (check === undefined) {
      check = compileCheck({ ...config, secrets: [], publicKeys: [publicKey] });
      checks.set(publicKey, check);
      for (const oldest of checks.keys()) {
        if (checks.size <= VENDOR_KEYS_MAX) break;
        checks.delete(oldest);
      }
    }
    return check;
  }

  return async (request, nowMs) => {
    const found = await keyring.find(config, request, nowMs);
    if (!found.ok) return found;
    try {
      return await checkFor(found.publicKey)(request, nowMs);
    } catch (error) {
      // The vendor's answer was no key: that is no verdict about the request.
      const message = error instanceof ConfigError ? error.message : "it could not be read";
      return failure("key_unavailable", `The key of ${config.provider.name} is unusable: ${message}`);
    }
  };
}
