// What each node of the cluster does, from its own metrics and from what the nodes know of each other.
import { percentile } from "../../bench/report.ts";
import type { NodeView } from "../../src/http/schemas/node.ts";
import type { ClusterNode, NodeState } from "./node.ts";

const LOOK_MS_MAX = 800;
/** Rates are taken over this many looks, one a second. */
const LOOKS_KEPT = 5;

/** Null where nobody knows. */
export interface NodeFigures {
  name: string;
  state: NodeState;
  shards: number | null;
  inFlight: number | null;
  queued: number | null;
  acceptedPerSecond: number | null;
  deliveredPerSecond: number | null;
  p50Ms: number | null;
  p99Ms: number | null;
  beatAgoMs: number | null;
}

interface Look {
  at: number;
  accepted: number;
  delivered: number;
}

export interface Figures {
  /** Asks everyone; a node that does not answer within 0.8 s has no figures of its own. */
  look(): Promise<NodeFigures[]>;
}

export function createFigures(nodes: readonly ClusterNode[], apiKey: string, waitsOf: (nodeName: string) => number[]): Figures {
  const looks = new Map<string, Look[]>();

  function ratesOf(name: string, look: Look | null): { accepted: number; delivered: number } | null {
    const before = looks.get(name) ?? [];
    const last = before.at(-1);
    // Counters begin at 0 with each start.
    const kept = look === null || (last !== undefined && look.accepted < last.accepted) ? [] : before;
    if (look !== null) kept.push(look);
    looks.set(name, kept.slice(-LOOKS_KEPT));
    const first = kept.slice(-LOOKS_KEPT)[0];
    if (look === null || first === undefined || first === look) return null;
    const seconds = (look.at - first.at) / 1_000;
    return { accepted: (look.accepted - first.accepted) / seconds, delivered: (look.delivered - first.delivered) / seconds };
  }

  /** By name; of two with one name, as after a `kill -9`, the one that beat last. */
  async function known(): Promise<Map<string, NodeView>> {
    const asked = nodes.filter(({ state }) => state === "ready");
    for (const { url } of asked) {
      const text = url === null ? null : await textOf(`${url}/v1/nodes`, apiKey);
      if (text === null) continue;
      const { data } = JSON.parse(text) as { data: NodeView[] };
      return new Map(data.toSorted((a, b) => (a.beatAt < b.beatAt ? -1 : 1)).map((node) => [node.name, node]));
    }
    return new Map();
  }

  return {
    async look() {
      const [metrics, byName] = await Promise.all([Promise.all(nodes.map(metricsOf)), known()]);
      return nodes.map((node, index): NodeFigures => {
        const [own, told, waits] = [metrics[index]!, byName.get(node.name), waitsOf(node.name)];
        const rates = ratesOf(node.name, own && { at: performance.now(), accepted: own.accepted, delivered: own.delivered });
        return {
          name: node.name,
          state: node.state,
          // The others' word: a node that is paused holds its shards until its leases end.
          shards: told?.shards ?? (byName.size > 0 ? 0 : null),
          inFlight: own?.inFlight ?? null,
          queued: own?.queued ?? null,
          acceptedPerSecond: rates?.accepted ?? null,
          deliveredPerSecond: rates?.delivered ?? null,
          p50Ms: waits.length === 0 ? null : percentile(waits, 0.5),
          p99Ms: waits.length === 0 ? null : percentile(waits, 0.99),
          beatAgoMs: told === undefined ? null : Math.max(0, Date.now() - Date.parse(told.beatAt)),
        };
      });
    },
  };
}

async function metricsOf({ url, state }: ClusterNode) {
  const text = url === null || state === "paused" ? null : await textOf(`${url}/metrics`, null);
  if (text === null) return null;
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  return {
    accepted: value("posthorn_events_accepted_total"),
    delivered: value('posthorn_attempts_total\\{outcome="2xx"\\}'),
    inFlight: value("posthorn_attempts_in_flight"),
    queued: value("posthorn_deliveries_queued"),
  };
}

async function textOf(url: string, apiKey: string | null): Promise<string | null> {
  try {
    const headers: Record<string, string> = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(LOOK_MS_MAX) });
    const text = await answer.text();
    return answer.ok ? text : null;
  } catch {
    return null;
  }
}
