// Everything wrong with a destination's certificates and key, found when it is saved and not at its first delivery.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { DestinationTls } from "../core/destination.ts";
import type { FieldProblem } from "../errors.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const AUTHORITIES_MAX = 64;

export function checkDestinationTls(tls: DestinationTls | null): FieldProblem[] {
  if (tls === null) return [];
  const { caPem, clientCertPem, clientKeyPem } = tls;
  const problems: FieldProblem[] = [];
  if (caPem !== null) problems.push(...checkCertificates(caPem, "tls.caPem"));
  if (clientCertPem !== null) problems.push(...checkCertificates(clientCertPem, "tls.clientCertPem"));
  if ((clientCertPem === null) !== (clientKeyPem === null)) {
    const path = clientCertPem === null ? "tls.clientCertPem" : "tls.clientKeyPem";
    problems.push({ path, message: "A client certificate and its key belong together: give both or neither." });
  }
  if (problems.length > 0 || clientCertPem === null || clientKeyPem === null) return problems;
  return checkKey(clientCertPem, clientKeyPem);
}

function checkCertificates(pem: string, path: string): FieldProblem[] {
  const found = pem.match(CERTIFICATE) ?? [];
  if (found.length === 0) return [{ path, message: "Here stands no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----." }];
  if (found.length > AUTHORITIES_MAX) return [{ path, message: `More than ${AUTHORITIES_MAX} certificates.` }];
  const bad = found.findIndex((text) => parseCertificate(text) === null);
  return bad < 0 ? [] : [{ path, message: `Certificate number ${bad + 1} cannot be read.` }];
}

function checkKey(certificatePem: string, keyPem: string): FieldProblem[] {
  const path = "tls.clientKeyPem";
  const key = parseKey(keyPem);
  if (key === null) return [{ path, message: "This is no private key in PEM, or it is protected by a password; give it without one." }];
  const certificate = parseCertificate(certificatePem.match(CERTIFICATE)?.[0] ?? "");
  if (certificate?.checkPrivateKey(key) === true) return [];
  return [{ path, message: "This key does not belong to the first certificate of clientCertPem." }];
}

function parseCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
