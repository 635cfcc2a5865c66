// A process that commits events and prints the id of each one it was told is safe, for tests that end it in every way.
import { writeSync } from "node:fs";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { draft } from "../kit/store.ts";

const [directory, bodyBytes] = [process.argv[2]!, Number(process.argv[3])];
let fatal = 0;
const onFatal = () => void (fatal += 1);

try {
  const store = await openSqliteStore({ directory, clock: systemClock, random: systemRandom, requestsKeptMax: 100, onFatal });
  let refused = 0;
  // Written at once, not through a pipe that a kill would cut: the ledger must hold every id that was acknowledged.
  const ledger = (line: string) => writeSync(1, `${line}\n`);
  async function commitForEver(): Promise<void> {
    while (refused < 50) {
      try {
        const outcome = await store.accept(draft(systemClock.now(), { body: systemRandom.fill(new Uint8Array(bodyBytes)) }));
        if (outcome.kind === "accepted") ledger(outcome.event.id);
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
