// Answers the requests by which vendors test an endpoint, from the data of the provider. Nothing is fetched or stored here.
//
// Before verification a request is anybody's. So what is repeated is bounded and free of control characters, text cannot be
// taken for a page, an HMAC is made only over what cannot be an event, and effects go to addresses of the vendor only.
import { type RawConfig, resolveConfig, type SchemeConfig } from "./config.ts";
import { encode, utf8 } from "./encoding.ts";
import { type Reading, readingOf } from "./handshake-reading.ts";
import type { Handshake, HandshakeCondition, HandshakeDemand, HandshakeMac, RequestLocation } from "./handshake-rule.ts";
import { limits } from "./limits.ts";
import type { Params, Provider } from "./provider.ts";
import type { WebhookRequest } from "./request.ts";
import { isVendorHost } from "./schemes/asymmetric-cert-url.ts";
import { hmac, sha1 } from "./sha.ts";

export interface HandshakerOptions {
  /** Id of a provider, or a provider record of one's own. */
  readonly provider: string | Provider;
  /** The first signs answers; a secret that is among them is not learnt again. */
  readonly secrets?: readonly string[];
  readonly params?: Params;
}

/** `before`: nothing has been verified yet. `verified`: the signature of the request is right. */
export type HandshakePhase = "before" | "verified";

/** What the owner of the source must let happen, besides the answer. */
export type HandshakeEffect =
  /** GET this address once, without following redirects: it confirms a subscription. */
  | { readonly kind: "fetch"; readonly url: string }
  /**
   * The vendor signs with this secret from now on. It came unsigned: keep it only while the source has no secret. Notion
   * also wants a person to paste it there, so show it.
   */
  | { readonly kind: "learn-secret"; readonly secret: string };

export interface HandshakeAnswer {
  /** What the request was, for people. */
  readonly name: string;
  readonly status: number;
  /** Names in lower case; values are printable ASCII. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Why the vendor does not get what it asked for, for the owner of the source. Never send it to the caller. */
  readonly refused?: string;
  readonly effect?: HandshakeEffect;
  /** true: the request is also an event and goes on; otherwise the answer is all. */
  readonly alsoEvent: boolean;
}

export interface Handshaker {
  /**
   * The answer to a handshake of this provider, or undefined when the request is none. Never throws. Ask with `before`
   * first; with `verified` only when the signature has been verified.
   */
  answer(request: WebhookRequest, phase: HandshakePhase): HandshakeAnswer | undefined;
}

/** Throws ConfigError for an unknown provider and for secrets or params of a wrong type. */
export function createHandshaker(options: HandshakerOptions): Handshaker {
  const config = resolveConfig(options satisfies RawConfig);
  const all = config.provider.handshakes ?? [];
  const rules = { before: all.filter(({ signed }) => signed !== true), verified: all.filter(({ signed }) => signed === true) };

  return {
    answer(request, phase) {
      try {
        const method = request.method ?? "POST";
        const candidates = rules[phase].filter(({ methods }) => (methods as readonly string[]).includes(method));
        if (candidates.length === 0) return undefined;
        const read = readingOf(request);
        for (const rule of candidates) {
          const answer = answerOf(rule, read, config);
          if (answer !== undefined) return answer;
        }
        return undefined;
      } catch {
        // Only a value that is no request gets here, such as headers whose getter throws.
        return undefined;
      }
    },
  };
}

/** A text of the answer; undefined: a value it needs is absent. */
type Rendered = string | Refusal | undefined;

interface Refusal {
  readonly status: number;
  readonly refused: string;
}

function answerOf(rule: Handshake, read: Reading, config: SchemeConfig): HandshakeAnswer | undefined {
  if (!(rule.when ?? []).every((condition) => holds(condition, read))) return undefined;
  const refuse = ({ status, refused }: Refusal): HandshakeAnswer => ({ ...named(rule), status, headers: [], body: "", refused });
  for (const demand of rule.demands ?? []) {
    const refusal = refusalOf(demand, read, config.params);
    if (refusal !== undefined) return refuse(refusal);
  }
  const render = rendererOf(rule, read, config);
  const headers: (readonly [string, string])[] = [];
  for (const [name, template] of Object.entries(rule.headers ?? {})) {
    const value = render(template);
    if (typeof value === "object") return refuse(value);
    if (value === undefined) continue;
    if (!HEADER_VALUE.test(value)) return refuse({ status: 400, refused: `The value for the header ${name} is not printable ASCII.` });
    headers.push([name, value]);
  }
  const content = contentOf(rule, render);
  if (content === undefined || "refused" in content) return content && refuse(content);
  headers.push(...content.headers);
  return { ...named(rule), status: rule.status ?? 200, headers, body: content.body, ...effectOf(rule, read, config) };
}

function named({ name, alsoEvent }: Handshake): Pick<HandshakeAnswer, "name" | "alsoEvent"> {
  return { name, alsoEvent: alsoEvent === true };
}

function holds(condition: HandshakeCondition, read: Reading): boolean {
  const value = read(condition.at);
  if ("equals" in condition) return value === condition.equals;
  switch (condition.is) {
    case "present":
      return value !== undefined && value !== "";
    case "absent":
      return value === undefined;
    case "empty":
      return Array.isArray(value) && value.length === 0;
  }
}

function refusalOf(demand: HandshakeDemand, read: Reading, params: Params): Refusal | undefined {
  const value = read(demand.at);
  if ("matches" in demand) {
    const fits = value === undefined || (typeof value === "string" && new RegExp(`^(?:${demand.matches})$`).test(value));
    return fits ? undefined : { status: 400, refused: `The value of ${demand.at} is not of the form that the vendor sends.` };
  }
  const expected = paramText(params, demand.param);
  if (expected === undefined)
    return { status: 403, refused: `The parameter ${demand.param} is not set: set it to the value given at the vendor.` };
  if (typeof value === "string" && isSame(value, expected)) return undefined;
  return { status: 403, refused: `The value of ${demand.at} is not the one of the parameter ${demand.param}.` };
}

function paramText(params: Params, name: string): string | undefined {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  return value === undefined || value === "" ? undefined : String(value);
}

// Takes as long for every wrong text of the right length.
function isSame(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}

const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
// C0 and C1 controls and the line separators of Unicode, and halves of surrogate pairs, which are no text.
const UNCLEAN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Surrogate}/u;

function cleanText(value: unknown, at: string): Rendered {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== "string" || value === "") return undefined;
  if (value.length > limits.handshakeValueCharsMax)
    return { status: 400, refused: `The value of ${at} is longer than ${limits.handshakeValueCharsMax} characters.` };
  return UNCLEAN.test(value) ? { status: 400, refused: `The value of ${at} has control characters.` } : value;
}

type Render = (template: string) => Rendered;

function rendererOf(rule: Handshake, read: Reading, config: SchemeConfig): Render {
  const valueOf = (place: string): Rendered => {
    if (place === "mac") return rule.mac === undefined ? undefined : macOf(rule.mac, read, config.secrets[0]);
    if (!place.startsWith("param:")) return cleanText(read(place as RequestLocation), place);
    const name = place.slice("param:".length);
    const refusal = { status: 403, refused: `The parameter ${name} is not set, and the answer needs it.` };
    return cleanText(paramText(config.params, name), place) ?? refusal;
  };
  return (template) => {
    // An odd piece is the inside of braces.
    let text = "";
    for (const [index, piece] of template.split(/[{}]/).entries()) {
      const part = index % 2 === 0 ? piece : valueOf(piece);
      if (typeof part !== "string") return part;
      text += part;
    }
    return text;
  };
}

function macOf(mac: HandshakeMac, read: Reading, secret: string | undefined): Rendered {
  const content = cleanText(read(mac.content), mac.content);
  if (typeof content !== "string") return content;
  if (secret === undefined) return { status: 403, refused: "The answer is signed, and the source has no secret to sign it with." };
  const key = utf8(secret);
  return encode(mac.enc, hmac(mac.alg, mac.key === "sha1" ? sha1(key) : key, content));
}

interface AnswerContent {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const NO_SNIFFING = ["x-content-type-options", "nosniff"] as const;

function contentOf({ text, json, contentType: given }: Handshake, render: Render): AnswerContent | Refusal | undefined {
  if (json !== undefined) {
    const fields: [string, string | number][] = [];
    for (const [name, template] of Object.entries(json)) {
      const value = typeof template === "string" ? render(template) : template;
      if (value === undefined || typeof value === "object") return value;
      fields.push([name, value]);
    }
    return { headers: [["content-type", "application/json"], NO_SNIFFING], body: JSON.stringify(Object.fromEntries(fields)) };
  }
  if (text === undefined) return { headers: [], body: "" };
  const body = render(text);
  if (typeof body !== "string") return body;
  const contentType = given ?? "text/plain";
  if (contentType === "text/html" && /[<>&"']/.test(body)) return { status: 403, refused: "The answer would have markup in it." };
  return { headers: [["content-type", contentType], NO_SNIFFING], body };
}

// Letters, digits and marks that need no escape: no userinfo, port, fragment or backslash can be in it.
const EFFECT_URL = /^https:\/\/([a-z0-9.-]{1,253})\/[A-Za-z0-9/._-]{0,512}(?:\?[A-Za-z0-9/._~%&=:+-]{0,2048})?$/;
const SECRET = /^[\x21-\x7e]+$/;

function effectOf({ effect }: Handshake, read: Reading, config: SchemeConfig): Pick<HandshakeAnswer, "effect" | "refused"> {
  if (effect === undefined) return {};
  if (effect.kind === "learn-secret") {
    const secret = read(effect.secret);
    const usable =
      typeof secret === "string" && SECRET.test(secret) && secret.length >= limits.secretBytesMin && secret.length <= limits.secretCharsMax;
    if (!usable) return { refused: "The secret that the vendor sent is too short, too long or not printable ASCII." };
    return config.secrets.includes(secret) ? {} : { effect: { kind: "learn-secret", secret } };
  }
  const expected = paramText(config.params, effect.param);
  if (expected === undefined)
    return { refused: `Not confirmed: set the parameter ${effect.param}, so that nobody else can subscribe this source.` };
  if (read(effect.equals) !== expected) return { refused: `Not confirmed: it is for another ${effect.param} than the configured one.` };
  const url = read(effect.url);
  const host = typeof url === "string" ? EFFECT_URL.exec(url)?.[1] : undefined;
  if (typeof url !== "string" || host === undefined || !isVendorHost(host, effect.urls))
    return { refused: "Not confirmed: the address in the request is not one of the vendor." };
  return { effect: { kind: "fetch", url } };
}
