// For any address in a blocked range, in any spelling, through any door, a listener on this machine sees no connection.
import fc from "fast-check";
import { type KeySource, providerById } from "@posthorn/sdk";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOAuthTokens } from "../../src/flow/oauth-tokens.ts";
import { createVendorKeys } from "../../src/flow/vendor-keys.ts";
import { type AddressGuard, createAddressGuard } from "../../src/outbound/address-guard.ts";
import type { Resolver } from "../../src/outbound/resolve.ts";
import { systemClock } from "../../src/system/clock.ts";
import { blockedAnswer, blockedUrl } from "../kit/blocked-addresses.ts";
import { type RawReceiver, startRawReceiver, startReceiver } from "../kit/receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

const REFUSED = ["blocked_address", "invalid_url"];
const RUNS = 1_500;

let canary: RawReceiver;
beforeAll(async () => {
  // One dual-stack socket stands for 127.0.0.1, [::1], 0.0.0.0 and the address on the local network.
  canary = await startRawReceiver(undefined, { host: "::" }).catch(() => startRawReceiver(undefined, { host: "0.0.0.0" }));
});
afterAll(() => canary.close());

/** Runs a property, and then asks the canary. */
async function holds<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>, numRuns = RUNS): Promise<void> {
  const before = canary.connections;
  await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns });
  expect(canary.connections).toBe(before);
}

/** Lets every URL pass, so that only the checks at the socket are left. */
function lenient(guard: AddressGuard): AddressGuard {
  return {
    checkUrl: (text) => {
      const url = URL.parse(text);
      return url === null ? { ok: false, cause: "invalid_url", message: "no URL" } : { ok: true, url };
    },
    checkAddress: (ip, host, port) => guard.checkAddress(ip, host, port),
    isTrustedName: () => false,
  };
}

describe("a URL in any spelling", () => {
  test("is refused when it is saved and when it is called, and the answer names no address", async () => {
    const { transport, post } = openTransport({ resolver: async () => [] });
    await holds(blockedUrl(canary.port), async (url) => {
      const verdict = transport.checkUrl(url);
      expect(verdict.ok ? `ok: ${verdict.url.href}` : verdict.cause).toBeOneOf(REFUSED);
      expect(!verdict.ok && verdict.message).not.toMatch(/\d\.\d|::|\[/);
      expect(outcome(await post(url))).toBeOneOf(REFUSED);
    });
    await transport.close();
  });

  test("is refused at the socket, should it ever pass the check of the URL", async () => {
    const guard = lenient(createAddressGuard({ allow: [], allowPlainHttp: true }));
    const { transport, post } = openTransport({ guard, resolver: async () => ["127.0.0.1"] });
    await holds(blockedUrl(canary.port), async (url) => {
      expect(outcome(await post(url))).toBeOneOf([...REFUSED, "invalid_request"]);
    });
    await transport.close();
  });

  test("is refused as a token URL", async () => {
    const { transport } = openTransport({ resolver: async () => [] });
    const tokens = createOAuthTokens({ transport, clock: systemClock });
    await holds(
      blockedUrl(canary.port),
      async (tokenUrl) => {
        const auth = { kind: "oauth2", tokenUrl, clientId: "a", clientSecret: "b", scope: null, audience: null, style: "basic" } as const;
        expect(await tokens.tokenFor(auth, 1_000)).toMatchObject({ ok: false, failure: "auth_error", detail: "token_unreachable" });
      },
      300,
    );
    await transport.close();
  });

  test("is no place to be redirected to", async () => {
    let location = "";
    const receiver = await startReceiver({ respond: () => ({ status: 302, headers: { location } }) });
    const { transport, post } = openTransport({ allow: [`127.0.0.1:${receiver.port}`], resolver: async () => [] });
    await holds(
      // A header holds visible Latin-1 only; whatever else a spelling holds would never arrive.
      blockedUrl(canary.port).filter((url) => /^[\x21-\x7e]+$/.test(url)),
      async (url) => {
        location = url;
        expect(outcome(await post(receiver.url))).toBe(302);
      },
      300,
    );
    await Promise.all([transport.close(), receiver.close()]);
  });

  test("is refused with a forward proxy too, which is not asked", async () => {
    const { transport, post } = openTransport({ resolver: async () => [], proxy: `http://127.0.0.1:${canary.port}` });
    await holds(
      blockedUrl(canary.port),
      async (url) => {
        expect(outcome(await post(url))).toBeOneOf(REFUSED);
      },
      500,
    );
    await transport.close();
  });
});

describe("a public name that leads inside", () => {
  const PUBLIC = "93.184.215.14";
  // Where the bad one stands among the answers.
  const answers = fc.tuple(blockedAnswer, fc.constantFrom<"alone" | "first" | "last">("alone", "first", "last")).map(([bad, place]) => {
    return place === "alone" ? [bad] : place === "first" ? [bad, PUBLIC] : [PUBLIC, bad];
  });

  test("is refused for any blocked answer among the good ones", async () => {
    let current: string[] = [];
    const resolver: Resolver = async () => current;
    const { transport, post } = openTransport({ resolver });
    await holds(answers, async (given) => {
      current = given;
      expect(outcome(await post(`http://hooks.example.com:${canary.port}/`))).toBe("blocked_address");
    });
    await transport.close();
  });

  test("is refused at every call after it has turned inside: first attempt good, then retries, tests and replays", async () => {
    const receiver = await startReceiver({ host: "127.0.0.2" });
    const inside = await startRawReceiver(undefined, { host: "127.0.0.1", port: receiver.port });
    let current = ["127.0.0.2"];
    const { transport, post } = openTransport({ allow: ["127.0.0.2"], connectionLifeMs: 0, resolver: async () => current });
    await holds(
      answers.filter((given) => !given.includes("127.0.0.2")),
      async (given) => {
        current = ["127.0.0.2"];
        const url = `http://rebind.example.com:${receiver.port}/`;
        expect(outcome(await post(url))).toBe(200);
        current = given;
        expect(outcome(await post(url))).toBe("blocked_address");
        expect(outcome(await post(url))).toBe("blocked_address");
      },
      200,
    );
    expect(inside.connections).toBe(0);
    await Promise.all([transport.close(), receiver.close(), inside.close()]);
  });

  test("is refused as the address of a vendor's keys", async () => {
    const vectors = JSON.parse(readFileSync(new URL("../../sdk/vectors/aws-sns.json", import.meta.url), "utf8")) as {
      valid: boolean;
      body: string;
      headers: [string, string][];
      method: string;
      url: string;
    }[];
    const request = vectors.find(({ valid }) => valid)!;
    const provider = { ...providerById("aws-sns")!, keySource: { kind: "certificate" } satisfies KeySource };
    let current: string[] = [];
    const { transport } = openTransport({ resolver: async () => current });
    await holds(
      answers,
      async (given) => {
        current = given;
        const keys = createVendorKeys({ transport });
        const source = { provider, secrets: [], publicKeys: [], params: {}, toleranceSeconds: undefined };
        expect(await keys.verify(source, request, Date.UTC(2026, 0, 1))).toMatchObject({ ok: false, cause: "key_unavailable" });
      },
      200,
    );
    await transport.close();
  });
});

test("the canary does see a call that is allowed, so its silence above means something", async () => {
  const { transport, post } = openTransport({ allow: ["loopback"] });
  const before = canary.connections;
  expect(outcome(await post(`http://127.0.0.1:${canary.port}/`))).toBe("connection_reset");
  expect(canary.connections).toBe(before + 1);
  await transport.close();
});
