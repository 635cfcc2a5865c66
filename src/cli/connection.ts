// Which server a command talks to and with which key: flags, then environment, then what a local server left in its data directory.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ClientSettings, type Environment, loadClientSettings } from "../config.ts";
import { flag, type OptionValues, text } from "./command.ts";
import { CliError, EXIT, usageError } from "./exit.ts";

/** The options of every command that talks to a server. The key itself is never a flag: other users of a machine see flags. */
export const connectionOptions = {
  url: text("url", "Server to talk to; POSTHORN_URL, or the server of the data directory, otherwise."),
  apiKeyFile: text("path", "File with the API key; POSTHORN_API_KEY, or the data directory's key, otherwise."),
  dataDir: text("path", "Data directory of a local server; POSTHORN_DATA_DIR, or ./posthorn-data, otherwise."),
  json: flag("JSON for programs instead of text for people"),
};

export type ConnectionOptions = OptionValues<typeof connectionOptions>;

export interface Connection {
  url: string;
  apiKey: string;
}

/** Files that a running server keeps in its data directory for commands on the same machine. */
export const API_KEY_FILE = "api-key";
const SERVER_FILE = "server.json";

export async function findConnection(environment: Environment, options: ConnectionOptions): Promise<Connection> {
  const settings = loadClientSettings(environment);
  const dataDir = options.dataDir ?? settings.dataDir;
  const local = await readServerFile(dataDir);
  const url = baseOf(options.url) ?? settings.url ?? local;
  if (url === null) {
    throw new CliError(
      EXIT.failure,
      `No server runs on the data directory ${dataDir}. Start one with "posthorn dev", or name one with --url.`,
    );
  }
  return { url, apiKey: await findKey(settings, options, { dataDir, isLocal: url === local }) };
}

async function findKey(
  settings: ClientSettings,
  options: ConnectionOptions,
  { dataDir, isLocal }: { dataDir: string; isLocal: boolean },
): Promise<string> {
  if (options.apiKeyFile !== undefined) {
    const key = await readText(options.apiKeyFile);
    if (key === null) throw usageError(`The file of --api-key-file, ${options.apiKeyFile}, cannot be read.`);
    return key;
  }
  if (settings.apiKey !== null) return settings.apiKey;
  // A key of this machine's server is for that server alone: it must not travel to whatever --url names.
  const key = isLocal ? await readText(join(dataDir, API_KEY_FILE)) : null;
  if (key !== null) return key;
  throw new CliError(EXIT.auth, "No API key was found. Set POSTHORN_API_KEY, or name a file that holds it with --api-key-file.");
}

async function readServerFile(dataDir: string): Promise<string | null> {
  const content = await readText(join(dataDir, SERVER_FILE));
  if (content === null) return null;
  try {
    const parsed: unknown = JSON.parse(content);
    return typeof parsed === "object" && parsed !== null && "url" in parsed && typeof parsed.url === "string" ? baseOf(parsed.url) : null;
  } catch {
    // A file cut short by a crash is as good as none: the message about a server that does not run says what to do.
    return null;
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    const content = (await readFile(path, "utf8")).trim();
    return content === "" ? null : content;
  } catch {
    return null;
  }
}

function baseOf(given: string | undefined): string | null {
  if (given === undefined) return null;
  const url = URL.parse(given);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw usageError(`--url takes an http:// or https:// URL; ${JSON.stringify(given)} is none.`);
  return url.href.replace(/\/+$/, "");
}
