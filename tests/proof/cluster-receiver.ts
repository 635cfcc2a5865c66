// The receiver of the cluster's proof: writes down every arrival, and answers some with 500, a reset or nothing at all.
import { type Answer, type Arrival, type Receiver, startReceiver } from "../kit/receiver.ts";
import { seededRandom } from "../kit/random.ts";
import type { Answered, Ledger } from "./cluster-ledger.ts";
import { hashOf } from "./ledger.ts";

/** Where a hang would hold up a line for the minute that a timeout waits at least, there are none. */
export const MAY_HANG = "free";
const HANG_SHARE = 0.002;
const RESET_SHARE = 0.01;
const REFUSED_SHARE = 0.05;
/** Attempts of one event that may be answered badly; so nothing can run out of attempts. */
const BAD_ANSWERS_MAX = 4;

const ANSWERS: Record<Answered, Answer> = {
  taken: { status: 204 },
  refused: { status: 500 },
  hung: { behaviour: "hang" },
  reset: { behaviour: "reset" },
};

export async function startClusterReceiver(ledger: Ledger, seed: string): Promise<Receiver> {
  const badAnswers = new Map<string, number>();

  /** By the event and how often it was answered badly, so that a seed answers alike whatever the times are. */
  function answerTo(name: string, destination: string): Answered {
    const bad = badAnswers.get(name) ?? 0;
    if (bad >= BAD_ANSWERS_MAX) return "taken";
    const draw = seededRandom(`${seed}/answer/${name}/${bad}`).float();
    const hangs = destination.startsWith(MAY_HANG) ? HANG_SHARE : 0;
    if (draw >= hangs + RESET_SHARE + REFUSED_SHARE) return "taken";
    badAnswers.set(name, bad + 1);
    return draw < hangs ? "hung" : draw < hangs + RESET_SHARE ? "reset" : "refused";
  }

  function note(arrival: Arrival): Answered {
    const destination = arrival.url.slice("/".length);
    const name = nameIn(arrival.body);
    const answered = answerTo(name, destination);
    ledger.arrivals.push({
      name,
      destination,
      eventId: arrival.header("webhook-id") ?? "none",
      bodyHash: hashOf(arrival.body),
      at: arrival.at,
      answered,
    });
    return answered;
  }

  const receiver = await startReceiver({
    respond(arrival) {
      // The ledger keeps what counts; the bodies of a long run would fill the memory.
      receiver.arrivals.length = 0;
      return ANSWERS[note(arrival)];
    },
  });
  return receiver;
}

function nameIn(body: Buffer): string {
  try {
    return (JSON.parse(body.toString("utf8")) as { name: string }).name;
  } catch {
    return `unreadable ${hashOf(body)}`;
  }
}
