// What `start` and `dev` share: settings, log, the running app, and a stop that is graceful once and immediate twice.
import { constants } from "node:os";
import { type LoadOptions, loadSettings, redactedSettings, type Settings } from "../config.ts";
import { createLogger, type Logger } from "../log.ts";
import { type Context, type RunningApp, text } from "./command.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";
import { colorsWanted } from "./terminal.ts";

/** Flags of both; each is a row of the settings table. */
export const serveOptions = {
  host: text("address", "Address to listen on; the same as POSTHORN_HOST."),
  port: text("number", "Port to listen on; the same as POSTHORN_PORT."),
  dataDir: text("path", "Data directory; the same as POSTHORN_DATA_DIR."),
};

export interface ServePlan {
  mode: "start" | "dev";
  load: LoadOptions;
  /** Last word on the settings that were read. */
  adjust?: (settings: Settings) => Settings;
  /** Called once the server answers. What it returns runs beside the server, and is told by `signal` to end. */
  ready(app: RunningApp, settings: Settings, log: Logger, signal: AbortSignal): Promise<void>;
}

const BUGS = [TypeError, ReferenceError, RangeError, SyntaxError];

// The app keeps to the grace itself; this much longer and the process ends without it.
const STOP_MARGIN_MS = 2_000;

export async function serve(context: Context, plan: ServePlan): Promise<ExitCode> {
  const loaded = loadSettings(context.environment, plan.load);
  const settings = plan.adjust?.(loaded.settings) ?? loaded.settings;
  const log = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    colors: colorsWanted(context.terminal.errIsTerminal, context.environment),
    write: (line) => context.terminal.err(line),
  });
  for (const warning of loaded.warnings) log.warn(warning);
  log.debug({ settings: redactedSettings(settings) }, "The settings in force.");

  // Listening for signals begins before the start: Ctrl-C during it stops as soon as there is something to close.
  const stop = stopRequests(context);
  try {
    // Nothing is acknowledged that is not committed: a store that cannot commit ends the process, and whoever watches it starts it again.
    const onFatal = () => context.exitNow(EXIT.failure);
    const app = await context.startApp({ settings, log, mode: plan.mode, onFatal }).catch((error: unknown) => {
      throw startFailure(error, settings);
    });
    const beside = new AbortController();
    const work = stop.requested() ? Promise.resolve() : plan.ready(app, settings, log, beside.signal);
    work.catch((error: unknown) => log.error(error, "The view of the terminal ended."));
    log.info(`Stopping on ${await stop.first}.`);
    beside.abort();
    return await closeWithin(app, settings.shutdownGraceMs, context, log);
  } finally {
    stop.end();
  }
}

function stopRequests(context: Context): { first: Promise<string>; requested(): boolean; end(): void } {
  let asked = false;
  const { promise, resolve } = Promise.withResolvers<string>();
  const end = context.onStop((signal) => {
    if (asked) context.exitNow(128 + (signal in constants.signals ? constants.signals[signal as NodeJS.Signals] : 0));
    asked = true;
    resolve(signal);
  });
  return { first: promise, requested: () => asked, end };
}

async function closeWithin(app: RunningApp, graceMs: number, context: Context, log: Logger): Promise<ExitCode> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = context.clock.after(graceMs + STOP_MARGIN_MS, () => resolve("late"), { ref: true });
  try {
    const ended = await Promise.race([app.close().then(() => "closed" as const), late]);
    if (ended === "closed") return EXIT.ok;
    log.error(`Stopping took longer than ${graceMs} ms, so the process ends with work under way. It resumes at the next start.`);
    return EXIT.failure;
  } finally {
    timer.cancel();
  }
}

/** A reason becomes one sentence that says what to do. Errors of the language itself keep their stack, because they are bugs. */
function startFailure(error: unknown, settings: Settings): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const where = `${settings.host}:${settings.port}`;
  switch (code) {
    case "EADDRINUSE":
      return new CliError(
        EXIT.failure,
        `${where} is in use by another program. Stop it, or choose another port with --port or POSTHORN_PORT.`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new CliError(EXIT.failure, `This machine has no address ${settings.host} to listen on. Check POSTHORN_HOST.`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new CliError(
        EXIT.failure,
        `The start is not permitted: ${error instanceof Error ? error.message : ""}. Check the owner of ${settings.dataDir} and whether ${where} may be listened on.`,
      );
    case "ENOSPC":
      return new CliError(EXIT.failure, `The disk of ${settings.dataDir} is full. Free some space and start again.`);
    default:
      if (!(error instanceof Error) || BUGS.some((bug) => error instanceof bug)) return error;
      return new CliError(EXIT.failure, error.message);
  }
}
