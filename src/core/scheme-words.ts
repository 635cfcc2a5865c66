// How a provider signs, in words: for the command line, the docs and the API, so that all of them say the same.
import type { AsymmetricAlgorithm, HmacAlgorithm, HmacRecipe, JwtScheme, KeyEncoding, Provider, Scheme } from "@posthorn/sdk";

export interface SchemeWords {
  /** A few words for a table. */
  short: string;
  /** What is sent where, over what: plain sentences. */
  how: string[];
  /** Lower-case names of the headers that verification reads. */
  headers: string[];
  /** Which age of a request is accepted, as a plain sentence. */
  age: string;
}

const HMAC: Readonly<Record<HmacAlgorithm, string>> = {
  "hmac-sha1": "HMAC-SHA1",
  "hmac-sha256": "HMAC-SHA256",
  "hmac-sha384": "HMAC-SHA384",
  "hmac-sha512": "HMAC-SHA512",
  "sha256-prefix": "SHA-256 of the secret before the content",
};
const ASYMMETRIC: Readonly<Record<AsymmetricAlgorithm, string>> = {
  ed25519: "Ed25519",
  "ecdsa-p256-sha256": "ECDSA P-256",
  "ecdsa-p256-sha256-raw": "ECDSA P-256",
  "rsa-sha256": "RSA-SHA256",
  "rsa-sha1": "RSA-SHA1",
};
const KEYS: Readonly<Record<KeyEncoding, string>> = {
  utf8: "The secret is taken as plain text, prefix included.",
  nfkd: "The secret is taken as text after Unicode normalisation (NFKD).",
  "sha1-utf8": "The key is the SHA-1 of the secret.",
  hex: "The secret is hex and is decoded.",
  base64: "The secret is base64 and is decoded.",
  whsec: "The secret is base64 after whsec_ and is decoded.",
  "whsec-or-utf8": "The secret is base64 after whsec_, or plain text without it.",
};
const NO_TIME = "No time is signed, so an old request cannot be told from a new one: drop repeated event ids.";

export function schemeWords(provider: Provider): SchemeWords {
  const { scheme } = provider;
  switch (scheme.kind) {
    case "hmac":
      return hmacWords(scheme);
    case "standard-webhooks":
      return standardWords(scheme);
    case "token":
      return tokenWords(scheme);
    case "basic":
      return {
        short: "HTTP Basic",
        how: ["User and password stand in the header authorization (RFC 7617). The secret is user:password."],
        headers: ["authorization"],
        age: NO_TIME,
      };
    case "none":
      return { short: "nothing", how: ["Nothing is signed: whoever knows the URL can send."], headers: [], age: NO_TIME };
    case "asymmetric":
      return asymmetricWords(scheme);
    case "jwt":
      return jwtWords(scheme);
    case "body-signature":
      return bodySignatureWords(scheme);
    case "canonical":
      return canonicalWords(scheme);
    case "http-signature":
      return {
        short: "HTTP message signature (Ed25519)",
        how: [
          "The headers signature-input and signature hold an HTTP message signature (RFC 9421) of the vendor's private key (ed25519).",
          "It covers the header content-digest, which holds a hash of the body.",
        ],
        headers: ["signature-input", "signature", "content-digest"],
        age: ageOf(scheme.toleranceSeconds, true),
      };
  }
}

type Of<Kind extends Scheme["kind"]> = Extract<Scheme, { kind: Kind }>;

function hmacWords(scheme: Of<"hmac">): SchemeWords {
  const how = [recipeSentence(scheme), KEYS[scheme.key]];
  if (scheme.fromParams === true) how.unshift("The parameters say which header holds which HMAC of what; without them:");
  if (scheme.versions !== undefined) {
    const names = Object.keys(scheme.versions.recipes);
    how.push(`The parameter ${scheme.versions.param} chooses another version (${names.join(", ")}); the request itself cannot.`);
  }
  if (scheme.anyPort === true) how.push("The URL is tried with and without its port.");
  if (scheme.bodyDigestQuery !== undefined)
    how.push(`Where the query has ${scheme.bodyDigestQuery}, it is the SHA-256 of the body, in hex, and stands for the form.`);
  const extras = [scheme.ts === undefined ? "" : "time", scheme.content.includes("{url}") ? "URL" : ""].filter((extra) => extra !== "");
  const { ts } = scheme;
  return {
    short: extras.length === 0 ? HMAC[scheme.alg] : `${HMAC[scheme.alg]} with ${extras.join(" and ")}`,
    how,
    headers: unique([
      ...scheme.sig.header,
      ...(ts?.from.startsWith("header:") === true ? ts.from.slice("header:".length).split("|") : []),
      ...templateHeaders(scheme.content),
    ]),
    age: ts === undefined ? NO_TIME : ageOf(ts.toleranceSeconds, ts.future),
  };
}

function recipeSentence({ sig, alg, enc, content, ts }: HmacRecipe): string {
  const names = sig.header.join(sig.every === true ? " and " : " or ");
  const hash = alg === "sha256-prefix" ? `the SHA-256, in ${enc}, of the secret followed by` : `an ${HMAC[alg]}, in ${enc}, of`;
  const time = ts === undefined ? "" : `; the time is in ${timePlace(ts.from, sig.tsKey, sig.parse)}`;
  return `The header ${names} holds ${signatureForm(sig)}${hash} ${contentWords(content)}${time}.`;
}

function signatureForm({ parse, prefix, sigKey, sep = "," }: HmacRecipe["sig"]): string {
  switch (parse) {
    case "kv":
      return `pairs split at "${sep}", of which ${sigKey} is `;
    case "list":
      return `a list split at "${sep}", each${prefix === undefined ? "" : ` after "${prefix}"`} `;
    case "csv":
      return `a time and then signatures, split at "${sep}", each `;
    case "raw":
    case undefined:
      return prefix === undefined || prefix === "" ? "" : `"${prefix}" and then `;
  }
}

function timePlace(from: string, tsKey: string | undefined, parse: HmacRecipe["sig"]["parse"]): string {
  if (from.startsWith("header:")) return `the header ${from.slice("header:".length).replaceAll("|", " or ")}`;
  if (from.startsWith("json:")) return `the field ${from.slice("json:".length)} of the body`;
  return parse === "csv" ? "the same header" : `${tsKey} of the same header`;
}

function standardWords({ headerPrefixes, key, toleranceSeconds }: Of<"standard-webhooks">): SchemeWords {
  const [prefix = "webhook"] = headerPrefixes;
  const others = headerPrefixes.slice(1).map((each) => `${each}-…`);
  return {
    short: "Standard Webhooks",
    how: [
      `The header ${prefix}-signature holds signatures after "v1," (HMAC-SHA256) or "v1a," (Ed25519), in base64, of the id, the time and the body, joined with dots.`,
      ...(others.length === 0 ? [] : [`The headers may be called ${others.join(" or ")} as well.`]),
      KEYS[key],
    ],
    headers: headerPrefixes.flatMap((each) => [`${each}-id`, `${each}-timestamp`, `${each}-signature`]),
    age: ageOf(toleranceSeconds, true),
  };
}

function canonicalWords({ layout, toleranceSeconds }: Of<"canonical">): SchemeWords {
  switch (layout) {
    case "contentful":
      return {
        short: "HMAC-SHA256 with time, URL and headers",
        how: [
          "The header x-contentful-signature holds an HMAC-SHA256, in hex, of the method, the path, the headers named in x-contentful-signed-headers, and the body.",
          KEYS.utf8,
        ],
        headers: ["x-contentful-signature", "x-contentful-signed-headers", "x-contentful-timestamp"],
        age: ageOf(toleranceSeconds, false),
      };
    case "hook0":
      return {
        short: "HMAC-SHA256 with time and headers",
        how: [
          'The header x-hook0-signature holds pairs split at ",", of which v1 is an HMAC-SHA256, in hex, of the time t, the list h of header names, the values of these headers, and the body, joined with dots.',
          "The body must be a JSON object or array.",
          KEYS.utf8,
        ],
        headers: ["x-hook0-signature"],
        age: ageOf(toleranceSeconds, true),
      };
    case "hygraph":
      return {
        short: "HMAC-SHA256 with time",
        how: [
          'The header gcms-signature holds pairs split at ",", of which sign is an HMAC-SHA256, in base64, of a JSON object of the body as a text, the name env of the environment and the time t.',
          KEYS.utf8,
        ],
        headers: ["gcms-signature"],
        age: ageOf(toleranceSeconds, true),
      };
  }
}

function tokenWords({ header, prefix, query, json, fromParams }: Of<"token">): SchemeWords {
  if (json !== undefined)
    return {
      short: "shared token in the body",
      how: [`The field ${json} of the JSON body holds the secret itself.`, "Whoever sees one request can forge the next."],
      headers: [],
      age: NO_TIME,
    };
  const place = query === undefined ? `the header ${header}` : `the query parameter ${query}`;
  const before = prefix === undefined || prefix === "" ? "" : ` after "${prefix}"`;
  return {
    short: query === undefined ? "shared token" : "shared token in the URL",
    how: [
      `${capital(place)} holds the secret itself${before}.`,
      ...(fromParams === true ? ["The parameters header, prefix or query name another place."] : []),
      "Whoever sees one request can forge the next.",
    ],
    headers: query === undefined && header !== undefined ? [header] : [],
    age: NO_TIME,
  };
}

function asymmetricWords(scheme: Of<"asymmetric">): SchemeWords {
  const { alg, header, enc, content, ts, certUrl, algorithmHeader, bodyAs } = scheme;
  const time = ts === undefined ? "" : `; the time is in the header ${ts.header}`;
  return {
    short: ts === undefined ? ASYMMETRIC[alg] : `${ASYMMETRIC[alg]} with time`,
    how: [
      `The header ${header} holds a signature of the vendor's private key (${ASYMMETRIC[alg]}), in ${enc}, of ${contentWords(content, bodyAs)}${time}.`,
      ...(certUrl === undefined
        ? []
        : [`The header ${certUrl.header} names the certificate; only addresses at ${hostList(certUrl)} are the vendor's.`]),
      ...(algorithmHeader === undefined ? [] : [`The header ${algorithmHeader.name} must be ${algorithmHeader.value}.`]),
    ],
    headers: unique([
      header,
      ...(ts === undefined ? [] : [ts.header]),
      ...(certUrl === undefined ? [] : [certUrl.header]),
      ...(algorithmHeader === undefined ? [] : [algorithmHeader.name]),
      ...templateHeaders(content),
    ]),
    age: ts === undefined ? NO_TIME : ageOf(ts.toleranceSeconds, true),
  };
}

function jwtWords(scheme: JwtScheme): SchemeWords {
  const { header, prefix, algs, bodyHash, urlHashClaim, queryHashClaim, iss, claims = [], trueClaims = [] } = scheme;
  const must = [
    ...(iss === undefined ? [] : [`iss is ${iss}`]),
    ...claims.map(({ claim, param, optional }) => `${claim} is the parameter ${param}${optional === true ? ", if that is given" : ""}`),
    ...trueClaims.map((claim) => `${claim} is true`),
  ];
  const hashes = [
    ...(bodyHash === undefined ? [] : [`${bodyHash.claim} is the SHA-256 of the body, in ${bodyHash.enc}`]),
    ...(urlHashClaim === undefined ? [] : [`${urlHashClaim} is the SHA-256 of the URL, in hex`]),
    ...(queryHashClaim === undefined ? [] : [`${queryHashClaim} is the SHA-256 of method, path and sorted query, in hex`]),
  ];
  const rules = [...must, ...hashes];
  return {
    short: `JWT ${algs.join(" or ")}`,
    how: [
      `${header === undefined ? "The whole body is" : `The header ${header} holds`} a JSON Web Token${prefix === undefined ? "" : ` after "${prefix}"`}, signed with ${algs.join(" or ")}.`,
      ...(rules.length === 0 ? [] : [`In the token, ${rules.join("; ")}.`]),
    ],
    headers: header === undefined ? [] : [header],
    age: jwtAge(scheme),
  };
}

function jwtAge({ expires, maxAgeSeconds, leewaySeconds }: JwtScheme): string {
  const leeway = leewaySeconds === 0 ? "" : ` Clocks may differ by ${spanWords(leewaySeconds)}.`;
  if (maxAgeSeconds !== undefined) return `A token older than ${spanWords(maxAgeSeconds)} is refused.${leeway}`;
  if (expires === true) return `An expired token is refused.${leeway}`;
  return `A token is refused once it has expired; one without an expiry never does.${leeway}`;
}

/** What is the same for all that stands in the body: no header is read. */
const inBody = (age: string): Pick<SchemeWords, "headers" | "age"> => ({ headers: [], age });

function bodySignatureWords({ layout, key, certUrl }: Of<"body-signature">): SchemeWords {
  switch (layout) {
    case "adyen":
      return {
        short: "HMAC-SHA256 in the body",
        how: [
          "Each item of the body holds, in additionalData.hmacSignature, an HMAC-SHA256, in base64, of eight of its fields.",
          KEYS[key ?? "utf8"],
        ],
        ...inBody(NO_TIME),
      };
    case "mailgun":
      return {
        short: "HMAC-SHA256 in the body",
        how: [
          "The field signature of the body holds a time, a token, and an HMAC-SHA256, in hex, of these two; the rest of the body is not signed.",
          KEYS[key ?? "utf8"],
        ],
        ...inBody(ageOf(undefined, true)),
      };
    case "aws-sns":
      return {
        short: "RSA in the body",
        how: [
          "The body holds a signature of Amazon's private key (RSA with SHA-1 or SHA-256), in base64, of its named fields.",
          ...(certUrl === undefined
            ? []
            : [`SigningCertURL names the certificate; only addresses at ${hostList(certUrl)} are the vendor's.`]),
        ],
        ...inBody(ageOf(undefined, true)),
      };
    case "paddle-classic":
      return {
        short: "RSA in a form field",
        how: [
          "The form field p_signature holds a signature of Paddle's private key (RSA with SHA-1), in base64, of all other fields in PHP's serialisation.",
        ],
        ...inBody(NO_TIME),
      };
    case "braintree":
      return {
        short: "HMAC-SHA1 in a form field",
        how: [
          "The form field bt_signature holds, beside your public key, an HMAC-SHA1, in hex, of the field bt_payload.",
          "Its key is the SHA-1 of the private key.",
        ],
        ...inBody(NO_TIME),
      };
    case "dropbox-sign":
      return {
        short: "HMAC-SHA256 in the body",
        how: [
          "The form field json holds, in event.event_hash, an HMAC-SHA256, in hex, of the event's time and type; the rest is not signed.",
          KEYS[key ?? "utf8"],
        ],
        ...inBody(ageOf(undefined, true)),
      };
    case "microsoft-graph":
      return {
        short: "shared secret in the body",
        how: [
          "Every notification in the body repeats, in clientState, the secret that was given with the subscription.",
          "Whoever sees one request can forge the next.",
        ],
        ...inBody(NO_TIME),
      };
  }
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  body: "the body",
  ts: "the time",
  method: "the method",
  url: "the URL as registered",
  form: "the form fields in sorted order",
};

/** `{ts}.{body}` is `the time, ".", the body`. */
function contentWords(content: string, bodyAs?: "crc32"): string {
  const parts = content.split(/[{}]/).flatMap((piece, index) => {
    if (piece === "") return [];
    if (index % 2 === 0) return [JSON.stringify(piece)];
    if (piece === "body" && bodyAs === "crc32") return ["the CRC-32 of the body as a decimal number"];
    const [kind, name = ""] = piece.split(":", 2);
    if (kind === "header") return [`the header ${name.replaceAll("|", " or ")}`];
    return [kind === "param" ? `the parameter ${name}` : (PLACEHOLDERS[piece] ?? piece)];
  });
  return parts.join(", ");
}

function templateHeaders(content: string): string[] {
  return [...content.matchAll(/\{header:([^}]+)\}/g)].flatMap((match) => (match[1] ?? "").split("|"));
}

function ageOf(toleranceSeconds: number | undefined, future: boolean): string {
  if (toleranceSeconds === undefined)
    return "The time is signed, but the vendor states no limit: any age is accepted unless the source sets one.";
  const span = spanWords(toleranceSeconds);
  return future ? `Requests more than ${span} old, or that far ahead, are refused.` : `Requests more than ${span} old are refused.`;
}

/** 300 is `5 minutes`; what is no whole number of minutes, hours or days stays in seconds. */
export function spanWords(seconds: number): string {
  for (const [unit, size] of [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}${seconds === size ? "" : "s"}`;
  }
  return `${seconds} second${seconds === 1 ? "" : "s"}`;
}

function hostList({ hosts, regionalHosts = [] }: { hosts: readonly string[]; regionalHosts?: readonly string[] }): string {
  return [...hosts, ...regionalHosts].join(", ");
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
