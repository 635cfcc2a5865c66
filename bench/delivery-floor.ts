// The floor of the delivery bench: a bare undici loop that signs and posts, as fast as the receiver takes it.
import { createHmac, createSecretKey } from "node:crypto";
import { Agent, request } from "undici";

const plan = JSON.parse(process.argv[2] ?? "{}") as { url: string; requests: number; connections: number; bodyBytes: number };
const key = createSecretKey(Buffer.from("a-secret-of-the-bench-0123456789"));
const body = Buffer.alloc(plan.bodyBytes, "x");
const dispatcher = new Agent({ connections: plan.connections });
let sent = 0;

async function loop(): Promise<void> {
  while (sent < plan.requests) {
    sent += 1;
    const id = `evt_${sent}`;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
    const answer = await request(plan.url, {
      dispatcher,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${signature}`,
      },
      body,
    });
    await answer.body.dump();
  }
}

const started = performance.now();
await Promise.all(Array.from({ length: plan.connections }, loop));
const seconds = (performance.now() - started) / 1000;
await dispatcher.close();
process.stdout.write(JSON.stringify({ seconds, perSecond: plan.requests / seconds }));
