// The senders of the demo: GitHub, signing with GitHub's own library, and a few who only pretend to be.
import { randomUUID } from "node:crypto";
import { sign } from "@octokit/webhooks-methods";
import examples from "@octokit/webhooks-examples" with { type: "json" };

export interface Planned {
  kind: "genuine" | "duplicate" | "forged";
  /** The cause the server should record; null for what it should accept. */
  cause: string | null;
  deliveryId: string;
  headers: Record<string, string>;
  body: Buffer;
}

const CONCURRENCY = 16;
const DUPLICATE_EVERY = 10;
const FORGED_EVERY = 8;
const OVERSIZE_BYTES = 10 * 1024 * 1024 + 1;

export async function planRequests(secret: string): Promise<Planned[]> {
  const plan: Planned[] = [];
  let index = 0;
  for (const { name, examples: payloads } of examples as unknown as { name: string; examples: unknown[] }[]) {
    for (const payload of payloads) {
      const genuine = await signedRequest(name, Buffer.from(JSON.stringify(payload)), secret);
      plan.push(genuine);
      if (index % DUPLICATE_EVERY === 0) plan.push({ ...genuine, kind: "duplicate" });
      if (index % FORGED_EVERY === 0) plan.push(await forge(index / FORGED_EVERY, name, genuine.body));
      index += 1;
    }
  }
  plan.push(await oversized(secret));
  return plan;
}

async function signedRequest(event: string, body: Buffer, secret: string): Promise<Planned> {
  const deliveryId = randomUUID();
  const headers = {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/demo",
    "x-github-event": event,
    "x-github-delivery": deliveryId,
    "x-hub-signature-256": await sign(secret, body.toString("utf8")),
  };
  return { kind: "genuine", cause: null, deliveryId, headers, body };
}

/** One of five ways to pretend, in turn. */
async function forge(turn: number, event: string, body: Buffer): Promise<Planned> {
  const forged: Planned = { ...(await signedRequest(event, body, "a-secret-that-was-guessed")), kind: "forged", cause: "bad_signature" };
  const { "x-hub-signature-256": signature, ...unsigned } = forged.headers;
  switch (turn % 5) {
    case 0:
      return forged;
    case 1:
      return { ...forged, body: Buffer.concat([body, Buffer.from("\n")]) };
    case 2:
      return { ...forged, cause: "missing_header", headers: unsigned };
    case 3:
      return { ...forged, headers: { ...unsigned, "x-hub-signature-256": "sha256=not-hex" } };
    default:
      return {
        ...forged,
        cause: "missing_header",
        headers: { ...unsigned, "x-hub-signature": signature?.replace("sha256=", "sha1=") ?? "" },
      };
  }
}

async function oversized(secret: string): Promise<Planned> {
  const request = await signedRequest("push", Buffer.alloc(OVERSIZE_BYTES, " "), secret);
  return { ...request, kind: "forged", cause: "too_large" };
}

export interface Answered {
  planned: Planned;
  status: number;
  sentAt: number;
}

/** Sends the plan in order, some at a time. A duplicate goes out only after its original was answered. */
export async function sendAll(url: string, plan: Planned[]): Promise<Answered[]> {
  const answers: Answered[] = [];
  const originals = new Map<string, Promise<unknown>>();
  let next = 0;
  async function lane(): Promise<void> {
    for (let planned = plan[next++]; planned !== undefined; planned = plan[next++]) {
      if (planned.kind === "duplicate") await originals.get(planned.deliveryId);
      const answer = send(url, planned);
      if (planned.kind === "genuine") originals.set(planned.deliveryId, answer);
      answers.push(await answer);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return answers;
}

async function send(url: string, planned: Planned): Promise<Answered> {
  const sentAt = performance.now();
  const answer = await fetch(url, { method: "POST", headers: planned.headers, body: new Uint8Array(planned.body) });
  await answer.arrayBuffer();
  return { planned, status: answer.status, sentAt };
}
