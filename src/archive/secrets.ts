// The sealed parts of records on their way: opened with one key and sealed with another, so that no file holds a secret in clear.
import { scrypt } from "node:crypto";
import { type AnyRecord, ArchiveRefusedError, type Section } from "../store/archive.ts";
import { createSealer, type Sealer, UnsealError } from "../store/sealer.ts";
import type { Random } from "../system/random.ts";

interface ScryptCost {
  /** A power of two: with blockSize 8, one guess takes cost KiB of memory. */
  cost: number;
  blockSize: number;
  parallel: number;
}

/** How the archive's secrets are sealed. `check` opens with the right key only, so that a wrong one is told at once. */
export type SecretsHeader =
  | ({ way: "passphrase"; salt: string; check: string } & ScryptCost)
  /** As they lay in the source: whoever imports needs its key. */
  | { way: "source-key"; check: string };

// 128 MiB and about 0.4 s a guess: the table of OWASP's password storage cheat sheet, November 2026.
const SCRYPT: ScryptCost = { cost: 2 ** 17, blockSize: 8, parallel: 1 };
const SCRYPT_MEMORY_BYTES_MAX = 512 * 1024 ** 2;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const CHECK_VALUE = "posthorn archive";

/** Changes the sealed part of a record, if it has one. */
export type Reseal = (section: Section, record: AnyRecord) => AnyRecord;

export interface ExportKeys {
  sourceKey: Uint8Array;
  /** Null leaves the secrets sealed with the source's key. */
  passphrase: string | null;
}

export async function newSecrets(archive: string, { sourceKey, passphrase }: ExportKeys, random: Random): Promise<SecretsHeader> {
  if (passphrase === null) return { way: "source-key", check: checkOf(createSealer(sourceKey, random), archive) };
  const salt = Buffer.from(random.fill(new Uint8Array(SALT_BYTES))).toString("base64");
  const sealer = createSealer(await keyOf(passphrase, salt, SCRYPT), random);
  return { way: "passphrase", ...SCRYPT, salt, check: checkOf(sealer, archive) };
}

export async function exportReseal(archive: string, header: SecretsHeader, keys: ExportKeys, random: Random): Promise<Reseal> {
  const from = createSealer(keys.sourceKey, random);
  if (header.way === "source-key") {
    if (!opens(from, header, archive)) throw new ArchiveRefusedError("key", "This export was begun with another key of the source.");
    // Opened all the same: a key that does not fit would be found out at the import, when the source may be gone.
    return (section, record) => resealed(section, record, from, null);
  }
  const to = createSealer(await keyOf(needed(keys.passphrase), header.salt, header), random);
  if (!opens(to, header, archive)) throw new ArchiveRefusedError("key", "This export was begun with another passphrase. Give that one.");
  return (section, record) => resealed(section, record, from, to);
}

export interface ImportKeys {
  targetKey: Uint8Array;
  passphrase: string | null;
  sourceKey: Uint8Array | null;
}

/** Throws ArchiveRefusedError when what is given does not open the archive's secrets. */
export async function openSecrets(
  archive: string,
  header: SecretsHeader,
  keys: Omit<ImportKeys, "targetKey">,
  random: Random,
): Promise<Sealer> {
  if (header.way === "passphrase") {
    const sealer = createSealer(await keyOf(needed(keys.passphrase), header.salt, header), random);
    if (opens(sealer, header, archive)) return sealer;
    throw new ArchiveRefusedError("key", "The passphrase is not the one this archive was made with.");
  }
  if (keys.sourceKey === null) {
    throw new ArchiveRefusedError(
      "key",
      "The secrets of this archive are sealed with the key of the store it was made from. Give it with --source-key-file (the file secret-key of the old data directory), or export again with a passphrase.",
    );
  }
  const sealer = createSealer(keys.sourceKey, random);
  if (opens(sealer, header, archive)) return sealer;
  throw new ArchiveRefusedError("key", "The key given is not the one of the store this archive was made from.");
}

export async function importReseal(archive: string, header: SecretsHeader, keys: ImportKeys, random: Random): Promise<Reseal> {
  const from = await openSecrets(archive, header, keys, random);
  const to = createSealer(keys.targetKey, random);
  return (section, record) => resealed(section, record, from, to);
}

/** With `to` null the record stays as it is, and is only seen to open. */
function resealed(section: Section, record: AnyRecord, from: Sealer, to: Sealer | null): AnyRecord {
  const part = sealedPart(section, record);
  if (part === null) return record;
  const { field, context } = part;
  try {
    const value = from.open(context, record[field] as Uint8Array);
    return to === null ? record : { ...record, [field]: to.seal(context, value) };
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    throw new ArchiveRefusedError(
      "key",
      `${error.message}. Give the key that this store's secrets were sealed with (POSTHORN_SECRET_KEY).`,
    );
  }
}

/** The same contexts as where the parts are sealed: src/flow/catalog-rows.ts and src/http/idempotency.ts. */
function sealedPart(section: Section, record: AnyRecord): { field: string; context: string } | null {
  if (section === "config" && record["sealed"] !== null) {
    return { field: "sealed", context: `${String(record["kind"])}:${String(record["id"])}` };
  }
  return section === "idempotency" ? { field: "response", context: `idempotency:${String(record["key"])}` } : null;
}

function needed(passphrase: string | null): string {
  if (passphrase !== null) return passphrase;
  throw new ArchiveRefusedError(
    "key",
    "This archive is protected by a passphrase. Give it with --passphrase-file or POSTHORN_ARCHIVE_PASSPHRASE.",
  );
}

function checkOf(sealer: Sealer, archive: string): string {
  return Buffer.from(sealer.seal(`archive:${archive}`, CHECK_VALUE)).toString("base64");
}

function opens(sealer: Sealer, { check }: SecretsHeader, archive: string): boolean {
  try {
    return sealer.open(`archive:${archive}`, Buffer.from(check, "base64")) === CHECK_VALUE;
  } catch (error) {
    if (error instanceof UnsealError) return false;
    throw error;
  }
}

function keyOf(passphrase: string, salt: string, { cost, blockSize, parallel }: ScryptCost): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // The costs come from a file: above the bound Node refuses, and nobody's memory is taken.
    const options = { N: cost, r: blockSize, p: parallel, maxmem: SCRYPT_MEMORY_BYTES_MAX };
    scrypt(passphrase.normalize("NFC"), Buffer.from(salt, "base64"), KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}
