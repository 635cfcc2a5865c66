// The test events of every provider: they are data, they are what extract reads, and what is signed of them verifies.
import { describe, expect, test } from "vitest";
import { nowMs, signerOf, urlOf, verifierOf } from "../tests/provider-cases.ts";
import { formFields } from "./form.ts";
import { type EventFacts, extract, type Provider, providers, type Sample } from "./index.ts";

// The generic ones take what anybody sends.
const GENERIC = new Set(["basic", "cloudevents", "hmac", "none", "standard-webhooks", "token"]);
const complete: readonly Provider[] = providers.filter(({ id }) => !GENERIC.has(id));

const cases = providers.flatMap((provider) =>
  (provider.samples ?? []).map((sample) => ({ id: provider.id, type: sample.type, provider, sample })),
);

const bodyOf = ({ body }: Sample): string => (typeof body === "string" ? body : JSON.stringify(body));
const contentType = ({ headers }: Sample): string => headers?.["content-type"] ?? "application/json";

test("none of these providers lacks samples", () => {
  expect(complete.filter(({ samples = [] }) => samples.length === 0).map(({ id }) => id)).toEqual([]);
});

test("each of these that needs a secret or key says where the vendor shows it", () => {
  expect(complete.filter(({ scheme, secretHint }) => scheme.kind !== "none" && secretHint === undefined).map(({ id }) => id)).toEqual([]);
});

test("hints end as sentences do", () => {
  expect(complete.flatMap(({ secretHint, retry }) => [secretHint, retry]).filter((line) => line?.endsWith(".") === false)).toEqual([]);
});

// A time in a header is the one of the signature, which sign writes.
const hasOwnTime = ({ eventTime = [] }: Provider): boolean => eventTime.some(({ from }) => !from.startsWith("header:"));
const factsOf = (provider: Provider, sample: Sample): EventFacts =>
  extract(provider, { headers: sample.headers ?? {}, body: bodyOf(sample) });

test.each(complete.filter(({ eventKey }) => eventKey !== undefined))("$id has its key in every sample", (provider) => {
  expect((provider.samples ?? []).filter((sample) => factsOf(provider, sample).key === undefined)).toEqual([]);
});

test.each(complete.filter(hasOwnTime))("$id has a time of our days in some sample", (provider) => {
  const times = (provider.samples ?? []).map((sample) => factsOf(provider, sample).timeMs).filter((time) => time !== undefined);
  expect(times.length).toBeGreaterThan(0);
  // A wrong unit would put it into 1970 or far ahead.
  for (const time of times) expect([Date.UTC(2015), Date.UTC(2030)]).toSatisfy(([from, to]) => time > from && time < to);
});

test("types of one provider's samples differ", () => {
  for (const { id, samples = [] } of providers) {
    expect(new Set(samples.map(({ type }) => type)).size, id).toBe(samples.length);
  }
});

describe.each(cases)("$id $type", ({ provider, sample }) => {
  test("is plain data", () => {
    expect(JSON.parse(JSON.stringify(provider))).toEqual(provider);
    // A value that JSON leaves out, such as undefined or a function, would differ here.
    expect(JSON.parse(JSON.stringify({ body: sample.body }))).toStrictEqual({ body: sample.body });
    expect(Object.keys(sample.headers ?? {}).filter((name) => name !== name.toLowerCase())).toEqual([]);
  });

  test("has the body that its content type says", () => {
    const type = contentType(sample);
    const body = bodyOf(sample);
    const isForm = type === "application/x-www-form-urlencoded";
    expect(isForm && (formFields(body) ?? []).length === 0).toBe(false);
    expect(body.startsWith("--")).toBe(type.startsWith("multipart/"));
    expect(typeof sample.body === "string" || /[/+]json\b/.test(type)).toBe(true);
  });

  test("is read as the type it states", () => {
    const facts = extract(provider, { headers: sample.headers ?? {}, body: bodyOf(sample) });
    expect(facts.type).toBe(provider.eventType.length === 0 ? undefined : sample.type);
  });
});

// None is left out: vendors with a private key get one of ours.
test.each(cases)("$id $type: signed it verifies and keeps its type; another body does not verify", (each) => {
  const { provider, sample } = each;
  const [signer, verifier] = [signerOf(provider), verifierOf(provider)];
  const method = sample.method ?? "POST";
  const at = { id: "sample-1", type: sample.type, timestampSeconds: nowMs / 1000, method, url: urlOf(provider) };
  const signed = signer.sign({ ...at, headers: sample.headers ?? {}, body: bodyOf(sample) });
  const body = signed.body ?? bodyOf(sample);
  const headers = { ...sample.headers, ...Object.fromEntries(signed.headers) };
  const url = signed.url ?? urlOf(provider);
  const ok = (bytes: string): boolean => verifier.verify({ method, url, headers, body: bytes }, nowMs).ok;
  expect(ok(body)).toBe(true);
  if (provider.bodyAuthenticated) expect(ok(`${body} `)).toBe(false);
  const facts = extract(provider, { headers, body });
  if (provider.eventType.length > 0) expect(facts.type).toBe(sample.type);
  // The id that sign was given is in the provider's id header, unless the sample brings its own.
  const [first = ""] = provider.eventId;
  const idHeader = first.slice("header:".length);
  if (first.startsWith("header:")) expect(facts.id).toBe(sample.headers?.[idHeader] ?? "sample-1");
});
