// The two questions an adapter asks a vendor, over the fetch of the runtime: for its keys, and to confirm a subscription.
import type { KeyQuestion } from "../key-question.ts";
import { createKeyring, type Keyring } from "../keyring.ts";
import { limits } from "../limits.ts";
import { joined } from "./node-message.ts";

const DEADLINE_MS = 5_000;

let keyring: Keyring | undefined;

/** One for all webhooks of the program, so that a vendor is asked once and the limit on questions holds for all of them. */
export function sharedKeyring(): Keyring {
  return (keyring ??= createKeyring({ fetch: fetchKey }));
}

/** The body of a 200. Rejects with an Error whose message a person can read. */
export async function fetchKey({ method, url, headers, body }: KeyQuestion): Promise<string> {
  const response = await ask(url, { method, headers: headers.map(([name, value]) => [name, value] as [string, string]), body });
  if (response.status !== 200) throw await refusal(response);
  return new TextDecoder().decode(await readCapped(response));
}

/** One GET. Rejects with an Error whose message a person can read, also for any status but 2xx. */
export async function confirm(url: string): Promise<void> {
  const response = await ask(url, { method: "GET" });
  if (!response.ok) throw await refusal(response);
  await response.body?.cancel();
}

// Not `redirect: "error"`, which edge runtimes refuse: a redirect that is not followed is a status like any other wrong one.
async function ask(url: string, init: RequestInit): Promise<Response> {
  if (!url.startsWith("https://")) throw new Error("its address is not https.");
  return fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(DEADLINE_MS) });
}

async function refusal(response: Response): Promise<Error> {
  await response.body?.cancel();
  return new Error(`it was answered with status ${response.status}.`);
}

async function readCapped({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    bytes += part.value.length;
    chunks.push(part.value);
    if (bytes <= limits.vendorAnswerBytesMax) continue;
    await reader?.cancel();
    throw new Error(`the answer is longer than ${limits.vendorAnswerBytesMax} bytes.`);
  }
  return joined(chunks, bytes);
}
