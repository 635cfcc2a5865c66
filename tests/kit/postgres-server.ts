// A real PostgreSQL server of one's own, on a free port of loopback: started, restarted in either way, stopped and removed.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { Socket } from "node:net";
import { listenOnFreePort } from "./free-port.ts";
import { findPostgres, type PostgresBinaries } from "./postgres-binaries.ts";

/** `fast` ends sessions and writes all to disk; `immediate` ends as a crash does, and the next start recovers from the log. */
export type ShutdownMode = "fast" | "immediate";

export interface PostgresServerOptions {
  /**
   * Settings of the server by name, over the defaults of PostgreSQL: as in production, `fsync` and `synchronous_commit`
   * are on. A test that turns one off says why.
   */
  settings?: Readonly<Record<string, string>>;
  /** False leaves the checksums of data pages out, as PostgreSQL did before 18. True when left out. */
  checksums?: boolean;
}

export interface PostgresServer {
  /** Of the superuser, to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Of the process that all others of the server come from. 0 while it is down. */
  readonly pid: number;
  readonly dataDirectory: string;
  /** What it logged last. */
  log(): string;
  /** Ends it and keeps its data: connections are refused until `start`. */
  shutDown(mode: ShutdownMode): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Resolves when it takes connections again. */
  restart(mode: ShutdownMode): Promise<void>;
  /** Ends it for good, and removes its files. */
  stop(): Promise<void>;
}

const SIGNALS = { fast: "SIGINT", immediate: "SIGQUIT" } as const;
/** A standby says `read-only connections`. */
const READY = "database system is ready to accept ";
const LOG_CHARS_MAX = 64_000;
const SUPERUSER = "postgres";

/** Throws one sentence when there is no PostgreSQL to start. It ends with this process, whatever ends it. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const found = findPostgres();
  const account = unprivileged();
  const directory = mkdtempSync(join(tmpdir(), "posthorn-postgres-"));
  if (account !== null) chownSync(directory, account.uid, account.gid);
  const keeper = startKeeper(directory);
  const password = randomBytes(12).toString("hex");
  try {
    const folder = found.packed === null ? found.folder : unpack(found, directory);
    const command = { folder, account, directory };
    initialise(command, password, options.checksums ?? true);
    return await serve(command, keeper, password, options.settings ?? {});
  } catch (error) {
    await release(keeper);
    throw error;
  }
}

interface Account {
  uid: number;
  gid: number;
}

interface Command {
  folder: string;
  account: Account | null;
  directory: string;
}

/** PostgreSQL refuses to run as root: somebody else's account then, preferably its own. */
function unprivileged(): Account | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"]
      .map((flag) => spawnSync("id", [flag, name], { encoding: "utf8" }))
      .map(({ status, stdout }) => (status === 0 ? Number(stdout) : NaN));
    if (uid! > 0 && gid! > 0) return { uid: uid!, gid: gid! };
  }
  throw new Error("PostgreSQL does not run as root, and this machine has no user `postgres` or `nobody` to run it as.");
}

/** The end of the pipe to it closes with this process. Its own group: a Ctrl-C is for the tests, which then end it in order. */
function startKeeper(directory: string): ChildProcess {
  const script = new URL("postgres-keeper.ts", import.meta.url).pathname;
  const keeper = spawn(process.execPath, [script, directory], { stdio: ["pipe", "ignore", "inherit"], detached: true });
  hold(keeper, false);
  return keeper;
}

async function release(keeper: ChildProcess): Promise<void> {
  hold(keeper, true);
  const gone = keeper.exitCode === null && keeper.signalCode === null ? once(keeper, "exit") : null;
  keeper.stdin!.end();
  await gone;
}

/** Whether a child keeps this process alive. */
function hold(child: ChildProcess, alive: boolean): void {
  const method = alive ? "ref" : "unref";
  child[method]();
  for (const stream of [child.stdin, child.stderr]) (stream as Socket | null)?.[method]();
}

/** npm leaves symbolic links out of packages, so they are made in a copy; one that the server's account can read. */
function unpack({ packed }: PostgresBinaries, directory: string): string {
  const tree = join(directory, "native");
  cpSync(packed!, tree, { recursive: true });
  const links = join(tree, "pg-symlinks.json");
  const list = existsSync(links) ? (JSON.parse(readFileSync(links, "utf8")) as { source: string; target: string }[]) : [];
  for (const { source, target } of list) {
    const path = join(directory, target);
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path);
  }
  return join(tree, "bin");
}

function initialise(command: Command, password: string, checksums: boolean): void {
  const passwordFile = join(command.directory, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (command.account !== null) chownSync(passwordFile, command.account.uid, command.account.gid);
  const args = ["-D", join(command.directory, "data"), "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", passwordFile];
  // No two machines sort alike by their locale; all do by bytes.
  args.push("-E", "UTF8", "--locale=C");
  if (checksums) args.push("--data-checksums");
  const { status, error, stderr } = spawnSync(join(command.folder, "initdb"), args, { ...surroundings(command), encoding: "utf8" });
  if (status !== 0) throw new Error(`initdb of ${command.folder} failed: ${error?.message ?? stderr}`);
}

function surroundings({ account, directory }: Command) {
  return { cwd: directory, env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" }, ...account };
}

async function serve(
  command: Command,
  keeper: ChildProcess,
  password: string,
  settings: Readonly<Record<string, string>>,
): Promise<PostgresServer> {
  let port = 0;
  let child: ChildProcess | null = null;
  let log = "";

  /** False when another program has the port. */
  async function launch(): Promise<boolean> {
    const all = { ...settings, listen_addresses: "127.0.0.1", unix_socket_directories: "", port: String(port) };
    const args = ["-D", join(command.directory, "data"), ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    const started = spawn(join(command.folder, "postgres"), args, {
      ...surroundings(command),
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    const before = log.length;
    const said = await new Promise<string>((resolve, reject) => {
      let begun = "";
      started.stderr.setEncoding("utf8").on("data", (text: string) => {
        log = (log + text).slice(-LOG_CHARS_MAX);
        if (begun.includes(READY)) return;
        begun += text;
        if (begun.includes(READY)) resolve(begun);
      });
      started.once("error", reject);
      started.once("close", () => resolve(begun));
    });
    if (said.includes(READY)) {
      child = started;
      hold(started, false);
      return true;
    }
    if (said.includes("could not bind")) return false;
    throw new Error(`PostgreSQL did not start: ${log.slice(before).trim()}`);
  }

  async function shutDown(mode: ShutdownMode): Promise<void> {
    const ending = child;
    if (ending === null) return;
    child = null;
    hold(ending, true);
    const gone = ending.exitCode === null && ending.signalCode === null ? once(ending, "exit") : null;
    ending.kill(SIGNALS[mode]);
    // One that a test has stopped with SIGSTOP hears nothing before this.
    ending.kill("SIGCONT");
    await gone;
  }

  async function start(): Promise<void> {
    if (child !== null) return;
    if (!(await launch())) throw new Error(`Port ${port} was taken by another program while PostgreSQL was down.`);
  }

  await listenOnFreePort((free) => {
    port = free;
    return launch();
  });
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    dataDirectory: join(command.directory, "data"),
    log: () => log,
    shutDown,
    start,
    async restart(mode) {
      await shutDown(mode);
      await start();
    },
    async stop() {
      await shutDown("fast");
      await release(keeper);
    },
  };
}
