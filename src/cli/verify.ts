// `posthorn verify`: checks the signature of a captured request and says exactly why it fails.
import type { Diagnosis, EventFacts, VerifyOptions, WebhookRequest } from "@posthorn/sdk";
import { loadClientSettings } from "../config.ts";
import { printable } from "../printable.ts";
import { type CapturedRequest, readCapturedRequest, readHeaderLine } from "./captured-request.ts";
import { type Context, count, defineCommand, moment, type OptionValues, several, text } from "./command.ts";
import { connectionOptions } from "./connection.ts";
import { EXIT, type ExitCode, usageError } from "./exit.ts";
import { readInput, readParams, readSecret } from "./input-file.ts";
import { printJson } from "./resource.ts";
import { fetchStoredRequest } from "./stored-request.ts";

const options = {
  request: text("path", "File with the captured request, raw HTTP or JSON {method, url, headers, body | bodyBase64}; - for stdin."),
  id: text("id", "Kept request of the server, req_..., instead of a file."),
  header: several("name: value", "A header of the request, instead of --request."),
  body: text("path", "File with the exact body, - for stdin; with --header."),
  method: text("method", "HTTP method, for schemes that sign it."),
  requestUrl: text("url", "Public URL the provider called, for schemes that sign it."),
  provider: text("id", "Whose scheme: github, stripe, standard-webhooks, hmac, token, basic. With --id the source's own is the default."),
  param: several("name=value", "Option of the provider, such as header=x-signature for hmac."),
  secretFile: several("path", "File with a signing secret, - for stdin. POSTHORN_VERIFY_SECRET otherwise."),
  secret: several("text", "A secret in clear, for test data only: other users of this machine can see it."),
  publicKey: text("key", "Public key, for senders that sign with a key pair."),
  at: moment("The time to check the timestamp against; now otherwise, or with --id the time it was received."),
  tolerance: count("seconds", "How far the timestamp may be off; the provider's own otherwise.", { min: 0, max: 10 * 365 * 86_400 }),
  ...connectionOptions,
};

export const verify = defineCommand({
  name: "verify",
  summary: "Check the signature of a captured request and say why it fails.",
  description: "Exit code 0: it verifies. 1: it does not, and the reason is printed. Nothing is sent anywhere.",
  options,
  examples: [
    ["posthorn verify --request hook.txt --provider github --secret-file secret.txt", "a raw HTTP request in a file"],
    [
      "posthorn verify --header 'Stripe-Signature: t=1795262400,v1=5257a8...' --body body.json --provider stripe --at 1795262400 --secret-file secret.txt",
      "headers and body apart, at the time it was signed",
    ],
    ["posthorn verify --id req_06dq2ye2xk0ezc5bk9ztc3h9m7 --secret-file secret.txt", "a request that the server turned away"],
  ],
  async run(context, { options: given }) {
    refuseTwoInputs(given);
    const secrets = await findSecrets(context, given);
    const { captured, provider, params, receivedAtMs } = await findRequest(context, given);
    const { headers, body, method, url } = captured;
    const request: WebhookRequest = { method: given.method ?? method, url: given.requestUrl ?? url, headers, body };
    const verifyOptions: VerifyOptions = {
      provider,
      secrets,
      publicKey: given.publicKey,
      params: { ...params, ...readParams(given.param, "--param") },
      nowMs: given.at ?? receivedAtMs ?? context.clock.now(),
      toleranceSeconds: given.tolerance,
    };
    // Loaded here because no other command needs it.
    const { diagnose, extract } = await import("@posthorn/sdk");
    const diagnosis = await diagnose(request, verifyOptions);
    const event = diagnosis.ok ? extract(provider, request) : null;
    report(context, { diagnosis, event, notes: captured.notes, provider }, given.json);
    return exitOf(diagnosis);
  },
});

type Given = OptionValues<typeof options>;

interface Found {
  captured: CapturedRequest;
  provider: string;
  params: Readonly<Record<string, string | number | boolean>>;
  receivedAtMs: number | null;
}

function refuseTwoInputs({ request, id, header, body, secretFile }: Given): void {
  const ways = [request !== undefined, id !== undefined, header.length > 0 || body !== undefined].filter(Boolean).length;
  if (ways !== 1) throw usageError("Name the request in one way: --request <path>, --id <id>, or --header with --body.");
  const fromStdin = [request, body, ...secretFile].filter((path) => path === "-").length;
  if (fromStdin > 1) throw usageError("Only one of the inputs can come from stdin.");
}

async function findSecrets(context: Context, { secretFile, secret, publicKey, provider }: Given): Promise<string[]> {
  if (secret.length > 0)
    context.terminal.err(
      "warning: a secret given as a flag is visible to other users of this machine and kept in the shell's history. Use --secret-file.\n",
    );
  const fromFiles: string[] = [];
  for (const path of secretFile) fromFiles.push(await readSecret(context, path, "--secret-file"));
  const given = [...secret, ...fromFiles];
  if (given.length > 0) return given;
  const { verifySecret } = loadClientSettings(context.environment);
  if (verifySecret !== null) return [verifySecret];
  if (publicKey !== undefined || provider === "none") return [];
  throw usageError("There is no secret to check with. Name a file with --secret-file (- for stdin), or set POSTHORN_VERIFY_SECRET.");
}

async function findRequest(context: Context, given: Given): Promise<Found> {
  if (given.id !== undefined) {
    const stored = await fetchStoredRequest(context, given, given.id);
    const provider = given.provider ?? stored.provider;
    if (provider === null) throw usageError("The request belongs to no known source, so --provider is needed.");
    // Options of the source fit its own provider only.
    return {
      captured: stored.captured,
      provider,
      params: provider === stored.provider ? stored.params : {},
      receivedAtMs: stored.receivedAtMs,
    };
  }
  if (given.provider === undefined) throw usageError("--provider is needed: github, stripe, standard-webhooks, hmac, token or basic.");
  const captured =
    given.request === undefined
      ? {
          method: "POST",
          url: "/",
          headers: given.header.flatMap(readHeaderLine),
          body: await readInput(context, given.body ?? "-", "--body"),
          notes: [],
        }
      : readCapturedRequest(await readInput(context, given.request, "--request"));
  return { captured, provider: given.provider, params: {}, receivedAtMs: null };
}

interface Report {
  diagnosis: Diagnosis;
  /** Null when the request does not verify: what it says of itself counts for nothing then. */
  event: EventFacts | null;
  notes: string[];
  provider: string;
}

function report({ terminal }: Context, { diagnosis, event, notes, provider }: Report, json: boolean): void {
  const { ok, cause, message, hints } = diagnosis;
  if (json) {
    printJson(terminal, { ok, provider, cause: cause ?? null, message, event, hints, notes });
    return;
  }
  const { green, red, bold } = terminal.outStyle;
  if (event !== null) {
    const facts = [event.type === undefined ? "" : `type ${event.type}`, event.id === undefined ? "" : `id ${event.id}`]
      .filter((fact) => fact !== "")
      .join(", ");
    terminal.out(`${green("Verified")} as ${printable(provider)}${facts === "" ? "" : `: ${printable(facts)}`}.\n`);
  } else {
    terminal.out(`${red("Not verified")} as ${printable(provider)}: ${bold(cause ?? "unknown")}\n${printable(message)}\n`);
  }
  for (const hint of hints) terminal.out(`  ${bold(hint.code)}: ${printable(hint.message)}\n`);
  for (const note of notes) terminal.err(`note: ${printable(note)}\n`);
}

/** A request that does not verify is the answer 1; options that cannot work are a wrong command line. */
function exitOf({ ok, cause }: Diagnosis): ExitCode {
  if (ok) return EXIT.ok;
  return cause === "invalid_config" || cause === "no_secret" ? EXIT.usage : EXIT.failure;
}
