// A little traffic for the cluster to look at: signed webhooks through the front, and a receiver that counts what arrives.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SERVED_BY } from "./balancer.ts";

/** One destination each: destinations fall into shards, and so every node gets some of them to deliver to. */
const TYPES = [
  ["push", "pull_request", "issues", "release", "fork", "star", "watch", "create", "delete", "member", "label", "milestone"],
  ["deployment", "check_run", "check_suite", "status", "team", "discussion", "gollum", "page_build", "package", "public", "ping", "meta"],
].flat();
const SEND_MS_MAX = 8_000;
const RESEND_AFTER_MS = 1_000;
/** Of a node, the newest waits; older ones say nothing of what it does now. */
const WAITS_KEPT = 200;
const WAIT_AGE_MS_MAX = 15_000;

type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

interface Sent {
  firstAt: number;
  /** Which node acknowledged it; null until one has. */
  by: string | null;
  arrived: boolean;
}

export interface TrafficTotals {
  acknowledged: number;
  /** Sent again, because the answer was no 2xx or did not come: with the same id. */
  resent: number;
  /** Of those acknowledged. */
  arrived: number;
  /** Deliveries of something that had arrived already: at least once means that these can be. */
  repeats: number;
}

export interface Traffic {
  totals(): TrafficTotals;
  /** From the first sending of a webhook to its arrival at the receiver, ms, of those that this node acknowledged. */
  waits(nodeName: string): number[];
  stop(): Promise<void>;
}

/** Makes a source, destinations and subscriptions through the API, and sends so many webhooks a second; 0 for none. */
export async function startTraffic(call: Call, perSecond: number): Promise<Traffic> {
  const sent = new Map<string, Sent>();
  const waits = new Map<string, { at: number; ms: number }[]>();
  const totals: TrafficTotals = { acknowledged: 0, resent: 0, arrived: 0, repeats: 0 };
  const ending = new AbortController();

  function arrive(id: string): void {
    const one = sent.get(id);
    if (one === undefined) return;
    if (one.arrived) totals.repeats += 1;
    one.arrived = true;
    count(id, one);
  }

  /** A delivery may be quicker than the acknowledgement: whichever comes last counts it. */
  function count(id: string, one: Sent): void {
    if (!one.arrived || one.by === null) return;
    totals.arrived += 1;
    const list = waits.get(one.by) ?? [];
    waits.set(one.by, list);
    list.push({ at: performance.now(), ms: performance.now() - one.firstAt });
    if (list.length > WAITS_KEPT) list.shift();
    // Kept for a while: what comes twice comes soon.
    setTimeout(() => sent.delete(id), 60_000).unref();
    one.by = null;
  }

  const receiver = createServer((request, response) => {
    request.resume().once("end", () => {
      arrive(request.headers["x-github-delivery"]?.toString() ?? "");
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, "127.0.0.1", resolve);
  });
  const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const secret = randomBytes(16).toString("hex");
  const source = await call<{ id: string; url: string }>("POST", "/v1/sources", { name: "github", provider: "github", secrets: [secret] });
  for (const type of TYPES) {
    const to = { name: `${type} receiver`, type: "http", url: `${receiverUrl}/${type}` };
    const destination = await call<{ id: string }>("POST", "/v1/destinations", to);
    await call("POST", "/v1/subscriptions", { sourceId: source.id, eventTypes: [type], destinationId: destination.id });
  }

  /** As a provider does: sends again, with the same id, until it is acknowledged. */
  async function send(type: string): Promise<void> {
    const id = randomUUID();
    const body = JSON.stringify({ action: "created", id, sentAt: new Date().toISOString() });
    const headers = {
      "content-type": "application/json",
      "x-github-event": type,
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    };
    const one: Sent = { firstAt: performance.now(), by: null, arrived: false };
    sent.set(id, one);
    while (!ending.signal.aborted) {
      const by = await post(source.url, headers, body, ending.signal);
      if (by !== null) {
        one.by = by;
        totals.acknowledged += 1;
        count(id, one);
        return;
      }
      totals.resent += 1;
      await new Promise((resolve) => {
        setTimeout(resolve, RESEND_AFTER_MS);
      });
    }
  }

  let turn = 0;
  const timer = perSecond === 0 ? null : setInterval(() => void send(TYPES[turn++ % TYPES.length]!), 1_000 / perSecond);
  return {
    totals: () => ({ ...totals }),
    waits(nodeName) {
      const since = performance.now() - WAIT_AGE_MS_MAX;
      return (waits.get(nodeName) ?? []).flatMap(({ at, ms }) => (at >= since ? [ms] : []));
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      ending.abort();
      const closed = new Promise((resolve) => {
        receiver.close(resolve);
      });
      receiver.closeAllConnections();
      await closed;
    },
  };
}

/** The node that answered 2xx; null for any other answer and for none. */
async function post(url: string, headers: Record<string, string>, body: string, ending: AbortSignal): Promise<string | null> {
  try {
    const signal = AbortSignal.any([ending, AbortSignal.timeout(SEND_MS_MAX)]);
    const answer = await fetch(url, { method: "POST", headers, body, signal });
    await answer.arrayBuffer();
    return answer.ok ? (answer.headers.get(SERVED_BY) ?? "") : null;
  } catch {
    return null;
  }
}
