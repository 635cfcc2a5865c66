// The data directory and the small files beside the database: the sealing key, the local API key, where the server listens.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "./system/random.ts";

const OWNER_ONLY = 0o600;
const KEY_BYTES = 32;

export function ensureDataDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** The key that seals secrets: the one given, or the directory's own, made on first start and readable by its owner only. */
export function sealingKey(directory: string, given: Uint8Array | null, random: Random): Uint8Array {
  if (given !== null) return given;
  const file = join(directory, "secret-key");
  if (!existsSync(file)) {
    if (existsSync(join(directory, "posthorn.db"))) {
      throw new Error(
        `${file} is missing, but ${directory} holds data whose secrets were sealed with it. Put the file back, or set POSTHORN_SECRET_KEY.`,
      );
    }
    const made = random.fill(new Uint8Array(KEY_BYTES));
    // `wx` fails when another process was quicker: two keys for one directory would lose the secrets of one.
    writeFileSync(file, `${Buffer.from(made).toString("base64")}\n`, { mode: OWNER_ONLY, flag: "wx" });
  }
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64");
  if (key.byteLength !== KEY_BYTES) throw new Error(`${file} must hold ${KEY_BYTES} bytes in base64. Restore it from a backup.`);
  return key;
}

/** The key given, or the directory's own; throws where there is none, because a new one would open nothing. */
export function existingSealingKey(directory: string, given: Uint8Array | null, random: Random): Uint8Array {
  const file = join(directory, "secret-key");
  if (given === null && !existsSync(file)) {
    throw new Error(`${file} is missing, and the store's secrets are sealed with it. Put the file back, or set POSTHORN_SECRET_KEY.`);
  }
  return sealingKey(directory, given, random);
}

export function readLocalApiKey(directory: string): string | null {
  const file = join(directory, "api-key");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
}

export function writeLocalApiKey(directory: string, text: string): void {
  writeFileSync(join(directory, "api-key"), `${text}\n`, { mode: OWNER_ONLY });
}

/** Lets the commands of this machine find the server. */
export function writeServerFile(directory: string, server: { url: string; pid: number }): void {
  writeFileSync(join(directory, "server.json"), `${JSON.stringify(server)}\n`, { mode: OWNER_ONLY });
}

export function removeServerFile(directory: string): void {
  rmSync(join(directory, "server.json"), { force: true });
}
