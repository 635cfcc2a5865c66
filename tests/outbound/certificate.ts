// Makes TLS certificates at test time, self-signed ones and chains, so that none is committed and none expires in the repository.
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  key: string;
  cert: string;
  /** What stands as its subject, and as the issuer of those it signs. */
  commonName: string;
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    content.length < 128
      ? [content.length]
      : content.length < 256
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (hex: string): Buffer => Buffer.from(hex, "hex");
const ECDSA_SHA256 = sequence(der(0x06, octets("2a8648ce3d040302")));
const COMMON_NAME = der(0x06, octets("550403"));
const SUBJECT_ALT_NAME = der(0x06, octets("551d11"));
const BASIC_CONSTRAINTS = der(0x06, octets("551d13"));

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`));
}

function altName(name: string): Buffer {
  const parts = name.split(".").map(Number);
  // Context tag 7 is an address, 2 is a DNS name.
  return parts.length === 4 && parts.every((part) => part <= 255) ? der(0x87, Buffer.from(parts)) : der(0x82, Buffer.from(name));
}

const nameOf = (commonName: string): Buffer => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(commonName)))));

/**
 * A certificate for DNS names and IPv4 addresses. Without an issuer it is signed by itself and so, where trusted, its
 * own authority.
 */
export function makeCertificate(
  names: readonly string[],
  notBefore: Date,
  notAfter: Date,
  { issuer, commonName = "posthorn test" }: { issuer?: Certificate; commonName?: string } = {},
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const extensions = sequence(
    sequence(BASIC_CONSTRAINTS, der(0x04, sequence(der(0x01, Buffer.from([0xff]))))),
    sequence(SUBJECT_ALT_NAME, der(0x04, sequence(...names.map(altName)))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(
      0x02,
      randomBytes(8).map((byte, i) => (i === 0 ? (byte & 0x7f) | 0x40 : byte)),
    ),
    ECDSA_SHA256,
    nameOf(issuer?.commonName ?? commonName),
    sequence(time(notBefore), time(notAfter)),
    nameOf(commonName),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = sign("sha256", body, issuer === undefined ? privateKey : createPrivateKey(issuer.key));
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    commonName,
  };
}
