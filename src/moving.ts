// The composition root of export and import: opens a store as an archive, without a server.
import { exportStore, type ExportReport, type Progress } from "./archive/export.ts";
import { importStore, type ImportReport, verifyArchive } from "./archive/import.ts";
import { ensureDataDirectory, existingSealingKey, sealingKey } from "./data-directory.ts";
import type { StoreArchive } from "./store/archive.ts";
import { openPostgresArchive } from "./store/postgres/archive.ts";
import { openSqliteArchive } from "./store/sqlite/archive.ts";
import { systemClock } from "./system/clock.ts";
import { systemRandom } from "./system/random.ts";
import { VERSION } from "./version.ts";

interface Place {
  dataDir: string;
  databaseUrl: string | null;
  secretKey: Uint8Array | null;
}

interface Options {
  passphrase: string | null;
  sourceKey: Uint8Array | null;
  onProgress(progress: Progress): void;
}

const [clock, random] = [systemClock, systemRandom];

export const moving = {
  async exportTo(directory: string, place: Place, options: Options & { attempts: boolean }): Promise<ExportReport> {
    const { passphrase, attempts, onProgress } = options;
    const store = await openStore(place, false);
    try {
      const sourceKey = existingSealingKey(place.dataDir, place.secretKey, random);
      return await exportStore({
        store,
        directory,
        keys: { sourceKey, passphrase },
        attempts,
        version: VERSION,
        clock,
        random,
        onProgress,
      });
    } finally {
      await store.close();
    }
  },

  /** Secrets are tried only when something to open them is given. */
  verify(directory: string, { passphrase, sourceKey, onProgress }: Options): Promise<ImportReport> {
    const keys = passphrase === null && sourceKey === null ? null : { passphrase, sourceKey };
    return verifyArchive({ directory, keys, random, onProgress });
  },

  importFrom(directory: string, place: Place, { passphrase, sourceKey, onProgress }: Options): Promise<ImportReport> {
    async function openTarget(): Promise<{ store: StoreArchive; targetKey: Uint8Array }> {
      ensureDataDirectory(place.dataDir);
      // Before the database: a kill between the two leaves a key without data, and never data without its key.
      const targetKey = sealingKey(place.dataDir, place.secretKey, random);
      return { store: await openStore(place, true), targetKey };
    }
    return importStore({ directory, openTarget, keys: { passphrase, sourceKey }, random, onProgress });
  },
};

function openStore({ dataDir, databaseUrl: url }: Place, create: boolean): Promise<StoreArchive> | StoreArchive {
  return url === null ? openSqliteArchive({ directory: dataDir, create }) : openPostgresArchive({ url, create, clock, random });
}
