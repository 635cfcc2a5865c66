// End to end at a steady 500 requests a second: from the first byte sent to Posthorn to the delivery at the receiver.
import { createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, request } from "undici";
import { startPosthorn } from "./processes.ts";
import { percentile } from "./report.ts";

const SECRET = "a-secret-of-the-bench-not-real";
const RATE_PER_SECOND = 500;
const WARM_UP_REQUESTS = 1_000;

export interface EndToEndReport {
  requests: number;
  p50Ms: number;
  p99Ms: number;
}

export async function benchEndToEnd(options: { seconds: number }): Promise<EndToEndReport> {
  const total = options.seconds * RATE_PER_SECOND;
  const sentAt = new Map<string, number>();
  const latencies: number[] = [];
  const { promise: allArrived, resolve } = Promise.withResolvers<void>();
  const receiver = createServer((incoming, response) => {
    const sent = sentAt.get(incoming.headers["x-github-delivery"]?.toString() ?? "");
    if (sent !== undefined) latencies.push(performance.now() - sent);
    incoming.resume();
    incoming.on("end", () => {
      response.writeHead(204).end();
      if (latencies.length === total) resolve();
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, "127.0.0.1", listening));
  const posthorn = await startPosthorn();
  const source = await posthorn.call<{ id: string; url: string }>("POST", "/v1/sources", {
    name: "bench",
    provider: "github",
    secrets: [SECRET],
  });
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const destination = await posthorn.call<{ id: string }>("POST", "/v1/destinations", {
    name: "bench",
    type: "http",
    url,
    concurrencyMax: 64,
  });
  await posthorn.call("POST", "/v1/subscriptions", { sourceId: source.id, destinationId: destination.id });

  const dispatcher = new Agent({ connections: 64 });
  // Neither side is measured cold.
  await sendSteadily(WARM_UP_REQUESTS, () => send(dispatcher, source.url, new Map()));
  await sendSteadily(total, () => send(dispatcher, source.url, sentAt));
  await allArrived;
  await dispatcher.close();
  await posthorn.stop();
  receiver.close();
  return { requests: total, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
}

async function sendSteadily(requests: number, sendOne: () => Promise<void>): Promise<void> {
  const started = performance.now();
  const sends: Promise<void>[] = [];
  for (let i = 0; i < requests; i += 1) {
    const wait = started + (i * 1000) / RATE_PER_SECOND - performance.now();
    if (wait > 1) await new Promise((resume) => setTimeout(resume, wait));
    sends.push(sendOne());
  }
  await Promise.all(sends);
}

async function send(dispatcher: Agent, url: string, sentAt: Map<string, number>): Promise<void> {
  const id = randomUUID();
  const body = JSON.stringify({ action: "opened", id, text: "x".repeat(900) });
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  sentAt.set(id, performance.now());
  const answer = await request(url, {
    dispatcher,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "pull_request",
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${signature}`,
    },
    body,
  });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`Posthorn answered ${answer.statusCode}`);
}
