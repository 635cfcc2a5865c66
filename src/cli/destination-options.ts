// The flags that set a destination's fields, for making one and for changing one.
import { readHeaderLine } from "./captured-request.ts";
import { choice, type Context, count, type Option, type OptionValues, several, spans, text, toggle } from "./command.ts";
import { usageError } from "./exit.ts";
import { readInput, readSecret } from "./input-file.ts";
import { orderingOf, orderOptions } from "./order-options.ts";

export const DESTINATION_NOTE =
  "Secrets come from a file or stdin, never from a flag, because other users of a machine can see flags. The flags of TLS, OAuth 2.0 and AWS each describe the whole of it: what is not given is not kept. Signature and other fields are set with --from; docs/openapi.json lists them.";

export const destinationOptions = {
  name: text("text", "What to call it."),
  to: text("url", "Where to deliver. (--url names the Posthorn server.)"),
  method: text("method", "HTTP method; the original request's otherwise."),
  header: several("name: value", "Header to add to each delivery."),
  deadlineMs: count("ms", "Time one attempt gets.", { min: 100, max: 300_000 }),
  ...orderOptions,
  retrySchedule: spans("0s,5s,5m", "Wait before each attempt; the first is 0s."),
  rate: rate("Attempts at most, such as 10/second, 100/minute or 5000/hour; none for no limit."),
  concurrency: count("number", "Attempts under way at once.", { min: 1, max: 1000 }),
  adaptiveConcurrency: toggle("Try fewer at once while the receiver does badly."),
  http2: toggle("Use HTTP/2 where the receiver offers it."),
  caFile: text("path", "Certificates of the authorities that count in place of the public ones, in PEM."),
  clientCertFile: text("path", "Certificate to show to the receiver, in PEM."),
  clientKeyFile: text("path", "Its private key in PEM, - for stdin."),
  serverName: text("host", "What the receiver's certificate must be for, in place of the URL's host."),
  oauth2TokenUrl: text("url", "Where to get an access token by client credentials."),
  oauth2ClientId: text("id", "The client's id there."),
  oauth2ClientSecretFile: text("path", "File with the client's secret, - for stdin."),
  oauth2Scope: text("text", "Scope to ask for."),
  oauth2Audience: text("text", "Audience to ask for."),
  oauth2Style: choice(["basic", "body"], "Where the client's credentials stand in the request for a token."),
  awsSigv4Region: text("region", "Sign for AWS in this region, such as eu-central-1."),
  awsSigv4Service: text("service", "For this service: lambda, execute-api, s3."),
  awsSigv4AccessKeyId: text("id", "With this access key."),
  awsSigv4SecretAccessKeyFile: text("path", "File with its secret, - for stdin."),
  awsSigv4SessionTokenFile: text("path", "File with the session token of temporary credentials, - for stdin."),
};

type Given = OptionValues<typeof destinationOptions> & { from?: string | undefined };

/** Fields of the API; undefined where no flag says anything. */
export async function destinationDocument(context: Context, given: Given): Promise<Record<string, unknown>> {
  refuseSharedStdin(given);
  const { name, to, method, header, deadlineMs, retrySchedule, rate: rateLimit, concurrency, adaptiveConcurrency, http2 } = given;
  return {
    name,
    url: to,
    method,
    headers: header.length === 0 ? undefined : Object.fromEntries(header.map(readHeaderLine)),
    deadlineMs,
    retry: retrySchedule === undefined ? undefined : { scheduleMs: retrySchedule },
    rateLimit,
    concurrencyMax: concurrency,
    adaptiveConcurrency,
    http2,
    ordering: orderingOf(given),
    tls: await tlsOf(context, given),
    auth: await authOf(context, given),
  };
}

type RateLimit = { count: number; per: string };

function rate(description: string): Option<RateLimit | null | undefined> {
  return {
    ...text("number/unit", description),
    read(raw, name) {
      if (typeof raw !== "string") return undefined;
      if (raw === "none") return null;
      const match = /^(\d{1,7})\/(second|minute|hour)$/.exec(raw);
      if (match === null) throw usageError(`${name} takes a number and a unit, such as 10/second, 100/minute or 5000/hour, or none.`);
      return { count: Number(match[1]), per: match[2]! };
    },
  };
}

async function tlsOf(context: Context, { caFile, clientCertFile, clientKeyFile, serverName }: Given) {
  if ([caFile, clientCertFile, clientKeyFile, serverName].every((value) => value === undefined)) return undefined;
  return fieldsOf({
    caPem: await pem(context, caFile, "--ca-file"),
    clientCertPem: await pem(context, clientCertFile, "--client-cert-file"),
    clientKeyPem: await secretOf(context, clientKeyFile, "--client-key-file"),
    serverName,
  });
}

async function authOf(context: Context, options: Given) {
  const oauth2 = fieldsOf({
    tokenUrl: options.oauth2TokenUrl,
    clientId: options.oauth2ClientId,
    clientSecret: await secretOf(context, options.oauth2ClientSecretFile, "--oauth2-client-secret-file"),
    scope: options.oauth2Scope,
    audience: options.oauth2Audience,
    style: options.oauth2Style,
  });
  const aws = fieldsOf({
    region: options.awsSigv4Region,
    service: options.awsSigv4Service,
    accessKeyId: options.awsSigv4AccessKeyId,
    secretAccessKey: await secretOf(context, options.awsSigv4SecretAccessKeyFile, "--aws-sigv4-secret-access-key-file"),
    sessionToken: await secretOf(context, options.awsSigv4SessionTokenFile, "--aws-sigv4-session-token-file"),
  });
  const wants = { oauth2: Object.keys(oauth2).length > 0, aws: Object.keys(aws).length > 0 };
  if (wants.oauth2 && wants.aws)
    throw usageError("A destination authenticates in one way: give the --oauth2 flags or the --aws-sigv4 flags.");
  if (wants.oauth2) return { kind: "oauth2", ...oauth2 };
  return wants.aws ? { kind: "aws-sigv4", ...aws } : undefined;
}

/** Without the fields that no flag was given for: the server says which of them it needs. */
function fieldsOf<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

async function pem(context: Context, path: string | undefined, flag: string): Promise<string | undefined> {
  return path === undefined ? undefined : Buffer.from(await readInput(context, path, flag)).toString("utf8");
}

async function secretOf(context: Context, path: string | undefined, flag: string): Promise<string | undefined> {
  return path === undefined ? undefined : readSecret(context, path, flag);
}

/** Stdin can be read once: a second reader would take an empty text for its secret. */
function refuseSharedStdin(options: Given): void {
  const { from, caFile, clientCertFile, clientKeyFile, oauth2ClientSecretFile } = options;
  const { awsSigv4SecretAccessKeyFile, awsSigv4SessionTokenFile } = options;
  const files = [
    from,
    caFile,
    clientCertFile,
    clientKeyFile,
    oauth2ClientSecretFile,
    awsSigv4SecretAccessKeyFile,
    awsSigv4SessionTokenFile,
  ];
  if (files.filter((path) => path === "-").length > 1) throw usageError("Only one file can come from stdin.");
}
