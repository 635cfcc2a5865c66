// argv → command. Connects the command line to the real process and to the app, which is loaded only when a server starts.
import { runProgram } from "./cli/program.ts";
import type { Context } from "./cli/command.ts";
import { processTerminal } from "./cli/terminal.ts";
import { processEnvironment } from "./config.ts";
import { systemClock } from "./system/clock.ts";
import { VERSION } from "./version.ts";

quietSqliteNotice();
for (const stream of [process.stdout, process.stderr]) {
  // The reader went (`posthorn events list | head -1`): that is how it says it has enough.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

const environment = processEnvironment();
const context: Context = {
  terminal: processTerminal(environment),
  environment,
  clock: systemClock,
  startApp: async (options) => (await import("./app.ts")).startApp(options),
  loadMoving: async () => (await import("./moving.ts")).moving,
  onStop(listener) {
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  exitNow: (code) => process.exit(code),
};

const exit = await runProgram(process.argv.slice(2), context, { version: VERSION });
// Sockets kept alive by fetch would hold the process for seconds; what was written is flushed first.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exit)));

/** Earlier releases of Node 24 call node:sqlite experimental on stderr; every other warning passes. */
function quietSqliteNotice(): void {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes("SQLite is an experimental feature")) emitWarning(warning, ...rest);
  };
}
