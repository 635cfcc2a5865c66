// The receiver of the demo: checks every delivery with the official Standard Webhooks library, and sometimes fails on purpose.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

const FAIL_EVERY = 20;
const PATIENCE_MS = 60_000;

export interface Delivered {
  deliveryId: string;
  eventId: string;
  body: Buffer;
  arrivedAt: number;
}

export interface DemoReceiver {
  url: string;
  expect(signingSecret: string): void;
  /** Deliveries answered with 204, by GitHub's delivery id. */
  readonly accepted: Map<string, Delivered>;
  /** Answered with 500 to see the retry come. */
  readonly failedOnPurpose: Set<string>;
  readonly badSignatures: string[];
  /** Deliveries of something that was accepted already. */
  readonly repeats: string[];
  /** Resolves when so many were accepted; rejects when they do not come. */
  delivered(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startDemoReceiver(): Promise<DemoReceiver> {
  const accepted = new Map<string, Delivered>();
  const failedOnPurpose = new Set<string>();
  const badSignatures: string[] = [];
  const repeats: string[] = [];
  let webhook: Webhook | null = null;
  let arrivals = 0;
  let onAccepted: () => void = () => undefined;

  function judge(request: IncomingMessage, body: Buffer): number {
    const header = (name: string) => request.headers[name]?.toString() ?? "";
    const deliveryId = header("x-github-delivery");
    try {
      webhook!.verify(body.toString("utf8"), {
        "webhook-id": header("webhook-id"),
        "webhook-timestamp": header("webhook-timestamp"),
        "webhook-signature": header("webhook-signature"),
      });
    } catch (error) {
      badSignatures.push(`${deliveryId}: ${error instanceof Error ? error.message : String(error)}`);
      return 400;
    }
    arrivals += 1;
    if (arrivals % FAIL_EVERY === 0 && !failedOnPurpose.has(deliveryId) && !accepted.has(deliveryId)) {
      failedOnPurpose.add(deliveryId);
      return 500;
    }
    if (accepted.has(deliveryId)) repeats.push(deliveryId);
    accepted.set(deliveryId, { deliveryId, eventId: header("webhook-id"), body, arrivedAt: performance.now() });
    onAccepted();
    return 204;
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => response.writeHead(judge(request, Buffer.concat(chunks))).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    expect(signingSecret) {
      webhook = new Webhook(signingSecret);
    },
    accepted,
    failedOnPurpose,
    badSignatures,
    repeats,
    delivered: (count) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`only ${accepted.size} of ${count} deliveries arrived in ${PATIENCE_MS / 1000} s`)),
          PATIENCE_MS,
        );
        onAccepted = () => {
          if (accepted.size < count) return;
          clearTimeout(timer);
          resolve();
        };
        onAccepted();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
