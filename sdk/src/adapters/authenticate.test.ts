// Keys are made ready once and not with each request, on both executors, and vendors' keys are kept.
import crypto from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { resolveConfig } from "../config.ts";
import { createKeyring, generateKeyPair, providerById, sign, type KeySource, type Provider, type WebhookRequest } from "../index.ts";
import { createAuthenticate } from "./authenticate.ts";

const BODY = '{"type":1}';
const noKeys = createKeyring({ fetch: () => Promise.reject(new Error("nobody is asked here.")) });
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function pair(): Promise<{ publicKey: string; request: WebhookRequest }> {
  const { privateKey, publicKey } = await generateKeyPair();
  const { headers } = await sign({ provider: "discord", secret: privateKey, body: BODY });
  return { publicKey, request: { method: "POST", headers, body: BODY } };
}

test("with node:crypto, keys are made when the webhook is made and never again", async () => {
  const { publicKey, request } = await pair();
  const making = vi.spyOn(crypto, "createPublicKey");
  const authenticate = createAuthenticate(resolveConfig({ provider: "discord", publicKey }), noKeys);
  expect(making).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 5; i += 1) expect(await authenticate(request)).toMatchObject({ ok: true });
  expect(await authenticate({ ...request, body: "{}" })).toMatchObject({ ok: false, cause: "signature_mismatch" });
  expect(making).toHaveBeenCalledTimes(1);
});

test("with WebCrypto, the first request makes them, and later ones do not", async () => {
  const { publicKey, request } = await pair();
  // Modules that have not looked yet find no node:crypto.
  vi.resetModules();
  vi.spyOn(process, "getBuiltinModule").mockImplementation(() => undefined);
  const fresh = await import("./authenticate.ts");
  const importing = vi.spyOn(globalThis.crypto.subtle, "importKey");
  const making = vi.spyOn(crypto, "createPublicKey");
  const authenticate = fresh.createAuthenticate(resolveConfig({ provider: "discord", publicKey }), noKeys);
  expect(importing).not.toHaveBeenCalled();
  expect(await authenticate(request)).toMatchObject({ ok: true });
  const made = importing.mock.calls.length;
  expect(made).toBeGreaterThan(0);
  for (let i = 0; i < 5; i += 1) expect(await authenticate(request)).toMatchObject({ ok: true });
  expect(await authenticate({ ...request, body: "{}" })).toMatchObject({ ok: false, cause: "signature_mismatch" });
  expect(importing).toHaveBeenCalledTimes(made);
  expect(making).not.toHaveBeenCalled();
});

test("a request that is no value of a request is a failure, and no rejection", async () => {
  const authenticate = createAuthenticate(resolveConfig({ provider: "github", secrets: ["a-fixture-secret"] }), noKeys);
  expect(await authenticate({ headers: {}, body: {} as never })).toMatchObject({ ok: false, cause: "malformed_request" });
});

describe("keys that the vendor hands out", () => {
  const keySource: KeySource = { kind: "pem", url: "https://vendor.example.test/key" };
  const provider: Provider = { ...providerById("discord")!, keySource };

  test("are fetched when a request needs one, made ready once, and changed when the vendor changes them", async () => {
    const [first, second] = [await pair(), await pair()];
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    let current = first.publicKey;
    let asked = 0;
    const keyring = createKeyring({
      fetch: async () => {
        asked += 1;
        return current;
      },
    });
    const making = vi.spyOn(crypto, "createPublicKey");
    const authenticate = createAuthenticate(resolveConfig({ provider, keysLater: true }), keyring);
    expect([asked, making.mock.calls.length]).toEqual([0, 0]);
    for (let i = 0; i < 3; i += 1) expect(await authenticate(first.request)).toMatchObject({ ok: true });
    expect([asked, making.mock.calls.length]).toEqual([1, 1]);
    current = second.publicKey;
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await authenticate(second.request)).toMatchObject({ ok: true });
    expect(await authenticate(first.request)).toMatchObject({ ok: false, cause: "signature_mismatch" });
    expect([asked, making.mock.calls.length]).toEqual([2, 2]);
  });

  test("that are none say nothing about the request", async () => {
    const keyring = createKeyring({ fetch: async () => "<html>" });
    const authenticate = createAuthenticate(resolveConfig({ provider, keysLater: true }), keyring);
    const { request } = await pair();
    expect(await authenticate(request)).toMatchObject({ ok: false, cause: "key_unavailable" });
  });
});
