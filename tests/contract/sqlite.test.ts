// The SQLite adapter under the store contract.
import { rmSync } from "node:fs";
import { openSqliteStore } from "../../src/store/sqlite/index.ts";
import { newDirectory } from "../kit/store.ts";
import { describeStore } from "./store.contract.ts";

describeStore("SQLite", {
  newPlace: () => Promise.resolve(newDirectory()),
  open: ({ place, ...options }) =>
    openSqliteStore({
      directory: place,
      onFatal: (error) => {
        throw error;
      },
      ...options,
    }),
  removePlace(place) {
    rmSync(place, { recursive: true, force: true });
    return Promise.resolve();
  },
});
