// Destinations of an earlier version are read with what they did not know yet, and the key of a client certificate is sealed.
import { expect, test } from "vitest";
import type { Destination } from "../core/destination.ts";
import { createSealer } from "../store/sealer.ts";
import { systemRandom } from "../system/random.ts";
import { destinationFromRow, destinationRow } from "./catalog-rows.ts";

const sealer = createSealer(new Uint8Array(32).fill(7), systemRandom);
const KEY = "the text of a private key";
const destination: Destination = {
  id: "dst_1",
  name: "a receiver",
  type: "http",
  tenantId: null,
  url: "https://example.com/",
  method: null,
  forwardPath: false,
  forwardQuery: false,
  forwardHeaders: true,
  headers: {},
  auth: { kind: "oauth2", tokenUrl: "https://a.example/", clientId: "a", clientSecret: KEY, scope: null, audience: null, style: "basic" },
  signature: { kind: "none" },
  tls: { caPem: null, clientCertPem: "a certificate", clientKeyPem: KEY, serverName: null },
  http2: true,
  adaptiveConcurrency: true,
  rateLimit: null,
  ordering: { kind: "unordered" },
  retry: { scheduleMs: [0], jitter: 0 },
  deadlineMs: 1,
  connectTimeoutMs: 1,
  responseBytesMax: 1,
  concurrencyMax: 1,
  state: { kind: "active" },
  createdAt: 0,
  updatedAt: 0,
};

test("what is sealed does not stand in the document, and comes back", () => {
  const row = destinationRow(destination, sealer);
  expect(`${row.doc}${Buffer.from(row.sealed!).toString("latin1")}`).not.toContain(KEY);
  expect(destinationFromRow(row, sealer)).toEqual(destination);
});

test("a row without TLS and HTTP/2 means none of both", () => {
  const { tls: _tls, http2: _http2, auth, signature, headers, ...doc } = destination;
  const sealed = sealer.seal("destination:dst_1", { auth, signature, headers });
  const read = destinationFromRow({ kind: "destination", id: "dst_1", doc: JSON.stringify(doc), sealed }, sealer);
  expect(read).toEqual({ ...destination, tls: null, http2: false });
});
