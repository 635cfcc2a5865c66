// A process that commits events, or split requests, and prints the id of each one it was told is safe, for tests that end it in every way.
import { writeSync } from "node:fs";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { draft } from "../kit/store.ts";

const [directory, bodyBytes] = [process.argv[2]!, Number(process.argv[3])];
/** Above 0, each commit is a split request of so many items, and its own id is printed. */
const splitItems = Number(process.argv[4] ?? 0);
let fatal = 0;
const onFatal = () => void (fatal += 1);

try {
  const store = await openSqliteStore({ directory, clock: systemClock, random: systemRandom, requestsKeptMax: 100, onFatal });
  let refused = 0;
  // Written at once, not through a pipe that a kill would cut: the ledger must hold every id that was acknowledged.
  const ledger = (line: string) => writeSync(1, `${line}\n`);
  const body = () => systemRandom.fill(new Uint8Array(bodyBytes));
  async function commitOne(): Promise<string> {
    const whole = draft(systemClock.now(), { sourceId: splitItems > 0 ? "src_1" : null, body: body() });
    if (splitItems === 0) {
      const outcome = await store.accept(whole);
      return outcome.kind === "accepted" ? outcome.event.id : `wrong: a duplicate of ${outcome.of}`;
    }
    const { type, key, providerEventId, occurredAt, receivedAt, request } = whole;
    const item = { type, key, providerEventId, occurredAt, dedupe: null, contentType: null };
    const items = Array.from({ length: splitItems }, () => ({ ...item, body: body() }));
    return (await store.acceptSplit({ sourceId: "src_1", receivedAt, request, items })).requestId;
  }
  async function commitForEver(): Promise<void> {
    while (refused < 50) {
      try {
        ledger(await commitOne());
      } catch (error) {
        refused += 1;
        ledger(error instanceof StoreUnavailableError ? "refused" : `wrong error: ${String(error)}`);
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, commitForEver));
  ledger(`fatal ${fatal}`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exit(3);
}
