// How `npm test` finds and runs every test; the SDK is taken from its sources so that no build is stale.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const sdk = fileURLToPath(new URL("./sdk/src/", import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@posthorn\/sdk$/, replacement: `${sdk}index.ts` },
      { find: /^@posthorn\/sdk\/(\w+)$/, replacement: `${sdk}adapters/$1.ts` },
      { find: /^@posthorn\/sdk\/providers\/(.+)$/, replacement: `${sdk}providers/$1.ts` },
    ],
  },
  test: {
    include: ["src/**/*.test.ts", "sdk/src/**/*.test.ts", "sdk/tests/**/*.test.ts", "tests/**/*.test.ts"],
    globalSetup: ["tests/kit/postgres-shared.ts"],
    pool: "forks",
    // Beyond two cores' worth: many tests wait for disks, sockets and deadlines.
    maxWorkers: 4,
    // Every store that a test opens starts threads, which read their modules from TypeScript: from the second on they come from here.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("./node_modules/.cache/posthorn-tests", import.meta.url)) },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
