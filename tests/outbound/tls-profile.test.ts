// A destination's own TLS: its authorities, its client certificate, its server name, and pools that do not mix them.
import { afterEach, describe, expect, test } from "vitest";
import type { SecureServerOptions } from "node:http2";
import type { ConnectionProfile } from "../../src/outbound/transport.ts";
import { createAuthority, profileOf, type SecureReceiver, startSecureReceiver } from "./secure-receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

const authority = createAuthority("a private authority");
const other = createAuthority("another authority");
const server = authority.issue(["hooks.example.com", "127.0.0.1"]);
const client = authority.issue(["client"]);
const stranger = other.issue(["client"]);
const trusting = profileOf({ ca: authority.certificate.cert });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receive(options: SecureServerOptions = {}): Promise<SecureReceiver> {
  const receiver = await startSecureReceiver({ key: server.key, cert: server.cert, ...options });
  closers.push(() => receiver.close());
  return receiver;
}

function open(): ReturnType<typeof openTransport> {
  const opened = openTransport({ allow: ["loopback"], resolver: async () => ["127.0.0.1"] });
  closers.unshift(() => opened.transport.close());
  return opened;
}

const at = ({ port }: { port: number }, host = "hooks.example.com"): string => `https://${host}:${port}/`;

describe("an authority of the destination's own", () => {
  test("is believed, and only for the destination that has it", async () => {
    const receiver = await receive();
    const { post } = open();
    expect(outcome(await post(at(receiver), { profile: trusting }))).toBe(200);
    const strangers = [null, profileOf({ ca: other.certificate.cert }), profileOf({ http2: true })];
    for (const profile of strangers) expect(outcome(await post(at(receiver), { profile }))).toBe("tls_error");
    expect(receiver.requests).toHaveLength(1);
  });

  test("does not make a certificate for another name good", async () => {
    const receiver = await receive();
    const exchange = await open().post(at(receiver, "other.example.com"), { profile: trusting });
    expect(exchange).toMatchObject({ failure: "tls_error", detail: "tls_wrong_host" });
  });
});

describe("a server name", () => {
  test("is asked for and checked in place of the host", async () => {
    const receiver = await receive();
    const { post } = open();
    const renamed = { ...trusting, key: "renamed", serverName: "hooks.example.com" };
    expect(outcome(await post(at(receiver, "edge.example.com"), { profile: renamed }))).toBe(200);
    const wrong = { ...trusting, key: "wrong", serverName: "edge.example.com" };
    expect(await post(at(receiver), { profile: wrong })).toMatchObject({ detail: "tls_wrong_host" });
    expect(receiver.names[0]).toBe("hooks.example.com");
  });
});

describe("a client certificate", () => {
  const mutual = { requestCert: true, rejectUnauthorized: true, ca: authority.certificate.cert };
  const withClient = (certificate: { cert: string; key: string }): ConnectionProfile =>
    profileOf({ ca: authority.certificate.cert, clientCertificate: certificate.cert, clientKey: certificate.key });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("is shown to who asks for one, over %s", async (version) => {
    const receiver = await receive({ ...mutual, minVersion: version, maxVersion: version });
    const exchange = await open().post(at(receiver), { profile: withClient(client) });
    expect(exchange).toMatchObject({ status: 200, connection: { tlsVersion: version } });
    expect(receiver.clients).toEqual([client.commonName]);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "that is missing or of a stranger ends the attempt before its request, over %s",
    async (version) => {
      const receiver = await receive({ ...mutual, minVersion: version, maxVersion: version });
      const { post } = open();
      const missing = await post(at(receiver), { profile: trusting });
      // Over TLS 1.3 the refusal comes behind the handshake, and our write may meet the closed socket before we read the alert.
      if (version === "TLSv1.2") expect(missing).toMatchObject({ failure: "tls_error", detail: "tls_client_certificate" });
      else expect(outcome(missing)).toBeOneOf(["tls_error", "connection_reset"]);
      // Node's server says nothing to a stranger, it only hangs up.
      expect(outcome(await post(at(receiver), { profile: withClient(stranger) }))).toBeOneOf(["tls_error", "connection_reset"]);
      expect(receiver.requests).toEqual([]);
    },
  );

  test("is never shown over a connection of a destination without one", async () => {
    const receiver = await receive({ requestCert: true, rejectUnauthorized: false, ca: authority.certificate.cert });
    const { post } = open();
    for (const profile of [withClient(client), trusting, withClient(client), trusting]) {
      expect(outcome(await post(at(receiver), { profile }))).toBe(200);
    }
    expect([receiver.connections, receiver.clients]).toEqual([2, [client.commonName, undefined]]);
  });

  test("that cannot be read ends the exchange and nothing else", async () => {
    const receiver = await receive();
    const { post } = open();
    const broken = profileOf({ ca: authority.certificate.cert, clientCertificate: "no PEM", clientKey: "no PEM" });
    expect(outcome(await post(at(receiver), { profile: broken }))).toBe("invalid_request");
    expect(outcome(await post(at(receiver), { profile: trusting }))).toBe(200);
  });
});

describe("tls_error of each further kind", () => {
  const FUTURE = new Date("2098-01-01T00:00:00Z");
  const PAST = new Date("2002-01-01T00:00:00Z");
  test.each([
    ["not valid yet", authority.issue(["hooks.example.com"], { from: FUTURE }), "tls_not_yet_valid"],
    ["expired", authority.issue(["hooks.example.com"], { to: PAST }), "tls_expired"],
    ["of an authority nobody knows", other.issue(["hooks.example.com"]), "tls_incomplete_chain"],
    ["self-signed", other.certificate, "tls_self_signed"],
  ])("%s", async (_what, { key, cert }, detail) => {
    const receiver = await receive({ key, cert });
    expect(await open().post(at(receiver), { profile: trusting })).toMatchObject({ failure: "tls_error", detail });
    expect(receiver.requests).toEqual([]);
  });

  test("of an authority that sends itself along", async () => {
    const { key, cert } = other.issue(["hooks.example.com"]);
    const receiver = await receive({ key, cert: `${cert}${other.certificate.cert}` });
    expect(await open().post(at(receiver), { profile: trusting })).toMatchObject({ detail: "tls_unknown_authority" });
  });
});
