// TLS as destinations need it: verified always, with a destination's own authorities, client certificate and server name.
import type { Socket } from "node:net";
import { connect as tlsConnect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { parseAddress } from "./address.ts";
import type { ConnectionProfile } from "./transport.ts";

const MIN_VERSION = "TLSv1.2";

export interface HandshakeOptions {
  host: string;
  secureContext: SecureContext;
  serverName: string | null;
  http2: boolean;
  session: Buffer | null;
}

/** Throws when a certificate or a key in the profile cannot be read. */
export function makeSecureContext(profile: ConnectionProfile | null): SecureContext {
  const { ca = null, clientCertificate = null, clientKey = null } = profile ?? {};
  return createSecureContext({
    minVersion: MIN_VERSION,
    ...(ca === null ? {} : { ca }),
    ...(clientCertificate === null ? {} : { cert: clientCertificate }),
    ...(clientKey === null ? {} : { key: clientKey }),
  });
}

/** True when the profile needs a context of its own; most only need the shared one. */
export function hasOwnCertificates(profile: ConnectionProfile | null): boolean {
  return profile !== null && (profile.ca !== null || profile.clientCertificate !== null);
}

export function startHandshake(raw: Socket, options: HandshakeOptions): TLSSocket {
  const name = options.serverName ?? options.host;
  return tlsConnect({
    socket: raw,
    host: name,
    // Server names are host names by RFC 6066; for an address the certificate is checked against `host`.
    servername: parseAddress(name) === null ? name : "",
    ALPNProtocols: options.http2 ? ["h2", "http/1.1"] : ["http/1.1"],
    secureContext: options.secureContext,
    // Said aloud because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would win over the default.
    rejectUnauthorized: true,
    ...(options.session === null ? {} : { session: options.session }),
  });
}

/** In ms since the Unix epoch; null when the peer showed none. */
export function certificateExpiry(socket: TLSSocket): number | null {
  const expiry = socket.getPeerX509Certificate()?.validToDate.getTime();
  return expiry === undefined || Number.isNaN(expiry) ? null : expiry;
}
