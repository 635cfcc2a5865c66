// What a destination wants of its connections, as the transport takes it.
import { createHash } from "node:crypto";
import type { Destination } from "../core/destination.ts";
import type { ConnectionProfile } from "../outbound/transport.ts";

/** Null for a destination that is reached like any other, so that those share connections. */
export function connectionProfile({ tls, http2 }: Destination): ConnectionProfile | null {
  if (tls === null && !http2) return null;
  const { caPem = null, clientCertPem = null, clientKeyPem = null, serverName = null } = tls ?? {};
  const parts = [http2, caPem, clientCertPem, clientKeyPem, serverName];
  return {
    key: createHash("sha256").update(JSON.stringify(parts), "utf8").digest("base64url"),
    http2,
    ca: caPem,
    clientCertificate: clientCertPem,
    clientKey: clientKeyPem,
    serverName,
  };
}
