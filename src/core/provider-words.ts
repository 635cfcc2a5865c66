// A provider record in words: everything a person needs to set up one of its webhooks and to know what to expect.
import { type Handshake, type KeySource, type Location, type Provider, signsUrl, type TimeLocation, usesKeyPair } from "@posthorn/sdk";
import { schemeWords, spanWords } from "./scheme-words.ts";

export interface ParamWords {
  name: string;
  needed: boolean;
  meaning: string;
}

export interface ProviderWords {
  /** How it signs, in a few words. */
  scheme: string;
  /** How it signs, in sentences. */
  how: string[];
  /** Whether a valid request may carry a changed body, as a sentence. */
  body: string;
  age: string;
  /** What a source needs: `secret`, `public key` or `nothing`. */
  credential: string;
  params: ParamWords[];
  /** Lower-case names of the headers that are read. */
  headers: string[];
  /** Where these stand; null where there is no such thing. */
  eventId: string | null;
  eventType: string | null;
  eventTime: string | null;
  eventKey: string | null;
  /** Where the vendor's public keys can be had; null where none are needed or none are published. */
  keys: string | null;
  /** How the vendor tests the endpoint before or between events, one sentence each; all are answered. */
  handshakes: string[];
  /** How a body with several events is taken apart; null where each request is one event. */
  batch: string | null;
  /** What the vendor wants as an answer, and how soon. */
  answer: string;
  /** A command line that makes a source. */
  command: string;
}

export function providerWords(provider: Provider): ProviderWords {
  const { short, how, headers, age } = schemeWords(provider);
  const params = paramWords(provider);
  return {
    scheme: short,
    how,
    body: bodyWords(provider),
    age,
    credential: credentialWords(provider),
    params,
    headers: [...new Set([...headers, ...headersOf([...provider.eventId, ...provider.eventType])])],
    eventId: locationsWords(provider.eventId),
    eventType: locationsWords(provider.eventType),
    eventTime: timesWords(provider.eventTime ?? []),
    eventKey: locationsWords(provider.eventKey ?? []),
    keys: provider.keySource === undefined ? null : keySourceWords(provider.keySource),
    handshakes: (provider.handshakes ?? []).map(handshakeWords),
    batch: provider.batch === undefined ? null : "A body can hold several events; with split each becomes an event of its own.",
    answer: answerWords(provider),
    command: commandOf(provider, params),
  };
}

function bodyWords({ bodyAuthenticated, scheme }: Provider): string {
  if (bodyAuthenticated) return "The signature covers the body.";
  if (scheme.kind === "none") return "Nothing protects the body.";
  if (scheme.kind === "token" || scheme.kind === "basic") return "Nothing protects the body: the secret says who sends, not what.";
  return "The signature does not cover the whole body: ask the vendor's API before acting on what matters.";
}

function credentialWords(provider: Provider): string {
  if (provider.scheme.kind === "none") return "nothing";
  return usesKeyPair(provider) ? "public key" : "secret";
}

function locationsWords(locations: readonly Location[]): string | null {
  return locations.length === 0 ? null : locations.map(locationWords).join(", or ");
}

function timesWords(times: readonly TimeLocation[]): string | null {
  return times.length === 0 ? null : times.map(({ from }) => locationWords(from)).join(", or ");
}

function locationWords(location: Location): string {
  const colon = location.indexOf(":");
  const rest = location.slice(colon + 1);
  switch (location.slice(0, colon)) {
    case "header":
      return `header ${rest}`;
    case "json":
      return `${rest} in the body`;
    case "form": {
      const [name = "", path] = rest.split(":", 2);
      return path === undefined ? `form field ${name}` : `${path} in the JSON of the form field ${name}`;
    }
    case "key":
      return `the first key of the body that is not ${rest.slice(1)}`;
    case "jwt": {
      const [header = "", claim = ""] = rest.split(":", 2);
      return `claim ${claim} of the token in the header ${header}`;
    }
    default:
      return rest.replaceAll(/\{([^}]+)\}/g, (_, inner: string) => `(${locationWords(inner as Location)})`);
  }
}

function headersOf(locations: readonly Location[]): string[] {
  return locations.flatMap((location) => [...location.matchAll(/\bheader:([\w-]+)/g)].map((match) => match[1] ?? ""));
}

function paramWords(provider: Provider): ParamWords[] {
  const { scheme } = provider;
  const params: ParamWords[] = [];
  const add = (name: string, needed: boolean, meaning: string) => params.push({ name, needed, meaning });
  if (signsUrl(provider)) add("url", true, "The URL exactly as it is registered at the vendor: it is part of what is signed.");
  if (scheme.kind === "hmac") {
    if (scheme.versions !== undefined)
      add(scheme.versions.param, false, `Which version of the signature counts: ${Object.keys(scheme.versions.recipes).join(", ")}.`);
    if (scheme.fromParams === true) params.push(...HMAC_PARAMS);
  }
  if (scheme.kind === "token" && scheme.fromParams === true) params.push(...TOKEN_PARAMS);
  if (scheme.kind === "hmac" || scheme.kind === "asymmetric") {
    for (const [, name = ""] of scheme.content.matchAll(/\{param:([^}]+)\}/g)) add(name, true, "It is part of what is signed.");
  }
  if (scheme.kind === "jwt") {
    for (const { claim, param, optional } of scheme.claims ?? [])
      add(param, optional !== true, `What the claim ${claim} of the token must be.`);
    if (scheme.queryHashClaim !== undefined) add("basePath", false, "The path of the app's base URL, which is not signed.");
  }
  if (scheme.kind === "body-signature" && scheme.layout === "aws-sns")
    add("topicArn", false, "The one topic whose messages are accepted; without it those of any account are.");
  if ("certUrl" in scheme && scheme.certUrl !== undefined) add("certUrl", false, "The one address of a certificate that is accepted.");
  return params;
}

const optional = (name: string, meaning: string): ParamWords => ({ name, needed: false, meaning });
const HMAC_PARAMS: readonly ParamWords[] = [
  optional("header", "The header of the signature; x-signature otherwise."),
  optional("algorithm", "sha1, sha256 or sha512."),
  optional("encoding", "hex, base64 or base64url."),
  optional("prefix", "What stands before the signature."),
  optional("content", "The template of what is signed, such as {ts}.{body}."),
  optional("secretEncoding", "How the secret is written: utf8, hex or base64."),
  optional("timestampHeader", "The header of the time, for templates with {ts}."),
  optional("timestampUnit", "s, ms, rfc3339 or http-date."),
  optional("toleranceSeconds", "The largest accepted age; 300 otherwise."),
];
const TOKEN_PARAMS: readonly ParamWords[] = [
  optional("header", "The header of the token; authorization otherwise."),
  optional("prefix", "What stands before the token in the header."),
  optional("query", "The query parameter of the token, instead of a header."),
];

function keySourceWords(source: KeySource): string {
  switch (source.kind) {
    case "certificate":
      return "Each request names its certificate, at an address of the vendor.";
    case "jwks":
      return `A JWKS at ${source.url}${source.at === undefined ? "" : `, under ${source.at}`}.`;
    case "pem":
      return `A PEM public key at ${source.url}${source.at === undefined ? "" : `, under ${source.at}`}.`;
    case "jwk-by-id":
      return `One key by its id, asked for with credentials at ${Object.values(source.urls).join(" or ")}.`;
  }
}

function handshakeWords({ name, methods, signed, effect, alsoEvent }: Handshake): string {
  const when = signed === true ? "once its signature has verified" : "before verification";
  const what = alsoEvent === true ? ", and kept as an event" : "";
  return `${methods.join(" or ")}: ${name}, answered ${when}${what}.${effectWords(effect)}`;
}

function effectWords(effect: Handshake["effect"]): string {
  switch (effect?.kind) {
    case "fetch":
      return ` It is confirmed by a request to the vendor, only when the parameter ${effect.param} names what it is about.`;
    case "learn-secret":
      return " It brings the secret, which is kept while the source has none.";
    case undefined:
      return "";
  }
}

function answerWords({ answer, answerWithinSeconds }: Provider): string {
  const type = answer?.contentType === undefined ? "" : ` of ${answer.contentType}`;
  const body = answer?.body === undefined || answer.body === "" ? "" : ` with the body ${answer.body}${type}`;
  const what = answer === undefined ? "A plain 200" : `Status ${answer.status}${body}`;
  return answerWithinSeconds === undefined ? `${what}.` : `${what}, within ${spanWords(answerWithinSeconds)}.`;
}

function commandOf(provider: Provider, params: readonly ParamWords[]): string {
  const parts = [`posthorn sources create --name ${provider.id} --provider ${provider.id}`];
  for (const { name, needed } of params)
    if (needed) parts.push(name === "url" ? "--param url=https://hooks.example.com/in/…" : `--param ${name}=…`);
  switch (credentialWords(provider)) {
    case "public key":
      parts.push('--public-key "$(cat public-key.pem)"');
      break;
    case "secret":
      parts.push("--secret-file secret.txt");
      break;
  }
  return parts.join(" ");
}
