// `attempts get` and the diagnosis under `deliveries get`: what people see of one try.
import { expect, test } from "vitest";
import { run, scriptedServer, UNSAFE_OUTPUT } from "./rig.ts";

const HOSTILE = "\u001b[2J\u202eevil";

const failed = {
  id: "att_2",
  deliveryId: "dlv_1",
  eventId: "evt_1",
  destinationId: "dst_1",
  number: 2,
  startedAt: "2026-11-21T11:59:00.000Z",
  durationMs: 5_012,
  request: {
    method: "POST",
    url: "https://hooks.example.com/",
    headers: [
      ["host", "hooks.example.com"],
      ["x-a", HOSTILE],
    ],
  },
  response: null,
  failure: { code: "connect_timeout", message: "The destination did not accept the connection in time." },
  timings: { dnsMs: 12, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null },
  connection: { reused: false, remote: null, httpVersion: null, tlsVersion: null, certificateExpiresAt: null, certificateDaysLeft: null },
  diagnosis: {
    severity: "error",
    owner: "receiver",
    summary: "The destination did not accept the connection in time.",
    fix: "Check the firewall.",
  },
};

const answered = {
  ...failed,
  id: "att_3",
  number: 3,
  response: {
    status: 503,
    headers: [["retry-after", "5"]],
    body: `{"sorry":"${HOSTILE.replace("\u001b", "\\u001b")}"}`,
    bodyEncoding: "utf8",
    truncated: true,
    bytesReceived: 70_000,
  },
  failure: null,
  timings: { dnsMs: 1, connectMs: 2, tlsMs: 3, firstByteMs: 40, bodyMs: 5 },
  connection: {
    reused: true,
    remote: "link_local",
    httpVersion: "2",
    tlsVersion: "TLSv1.3",
    certificateExpiresAt: "2026-12-01T00:00:00.000Z",
    certificateDaysLeft: 9,
  },
  diagnosis: { severity: "error", owner: "receiver", summary: "The receiver answered 503.", fix: "Check that it runs." },
};

test("a failed attempt shows how far it came, why it ended and what to do, once", async () => {
  await using server = await scriptedServer(() => ({ json: failed }));
  const { exit, out } = await run(["attempts", "get", "att_2"], { environment: server.environment });
  expect(exit).toBe(0);
  expect(server.received[0]!.url).toBe("/v1/attempts/att_2");
  expect(out).toContain("5012 ms (DNS 12)");
  expect(out.match(/did not accept the connection/g)).toHaveLength(1);
  expect(out).toMatch(/to do +Check the firewall\./);
  expect(out).toMatch(/request +POST https:\/\/hooks\.example\.com\//);
  expect(out).not.toMatch(UNSAFE_OUTPUT);
});

test("an answered one shows the connection, the certificate and the answer", async () => {
  await using server = await scriptedServer(() => ({ json: answered }));
  const { out } = await run(["attempts", "get", "att_3"], { environment: server.environment });
  expect(out).toContain("(DNS 1, connect 2, TLS 3, first byte 40, body 5)");
  expect(out).toMatch(/diagnosis +The receiver answered 503\./);
  expect(out).toContain("HTTP/2, TLSv1.3, link-local address, kept open from before");
  expect(out).toContain("until 2026-12-01T00:00:00.000Z, 9 days from this attempt");
  expect(out).toContain("HTTP 503, 68 KiB, cut: more came than is kept");
  expect(out).toMatch(/retry-after +5/);
  expect(out).toContain('"sorry"');
  expect(out).not.toMatch(UNSAFE_OUTPUT);
});

test("an attempt of an earlier version shows what is known of it", async () => {
  const old = { ...answered, timings: null, connection: null, diagnosis: null, response: { ...answered.response, bytesReceived: null } };
  await using server = await scriptedServer(() => ({ json: old }));
  const { exit, out } = await run(["attempts", "get", "att_3"], { environment: server.environment });
  expect([exit, out.includes("connection"), out.includes("HTTP 503")]).toEqual([0, false, true]);
});

test("a delivery ends with the diagnosis of its last attempt", async () => {
  const delivery = {
    id: "dlv_1",
    eventId: "evt_1",
    destinationId: "dst_1",
    subscriptionId: null,
    status: "dead",
    reason: "The receiver answered 503.",
    attemptCount: 2,
    nextAttemptAt: null,
    trigger: "event",
    jobId: null,
    createdAt: failed.startedAt,
    finishedAt: null,
    attempts: [failed, answered],
  };
  await using server = await scriptedServer(() => ({ json: delivery }));
  const { out } = await run(["deliveries", "get", "dlv_1"], { environment: server.environment });
  expect(out).toMatch(/to do +Check that it runs\./);
  expect(out).not.toContain("Check the firewall.");
  expect(out).toContain("connect_timeout: The destination did not accept");
});
