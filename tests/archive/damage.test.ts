// A damaged archive, a wrong key, a target in use: refused with a sentence that names what and says what to do.
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/archive/files.ts";
import { lockDirectory } from "../../src/store/sqlite/lock.ts";
import { seededRandom } from "../kit/random.ts";
import { run } from "../cli/rig.ts";
import { dataDirectory, directory, exported, filled, removeDirectories, SOURCE_KEY, TARGET_KEY } from "./bench.ts";

let good = "";
let keyFile = "";
beforeAll(async () => {
  good = join(directory(), "archive");
  await exported(await filled(21, { events: 60 }), good);
  keyFile = join(directory(), "key");
  writeFileSync(keyFile, Buffer.from(SOURCE_KEY).toString("base64"));
});
afterAll(removeDirectories);

function copy(): string {
  const archive = join(directory(), "copy");
  cpSync(good, archive, { recursive: true });
  return archive;
}

interface ManifestText {
  parts: { file: string; section: string; records: number; bytes: number; sha256: string }[];
  sections: Record<string, number>;
  [field: string]: unknown;
}

/** Changes the manifest and makes its checksum right again. */
function rewrite(archive: string, change: (manifest: ManifestText) => void): void {
  const file = join(archive, "manifest.json");
  const { checksum: _, ...manifest } = JSON.parse(readFileSync(file, "utf8")) as ManifestText;
  change(manifest);
  writeFileSync(file, JSON.stringify({ ...manifest, checksum: sha256(JSON.stringify(manifest)) }));
}

/** Another text in a part, with everything about it made right. */
function replacePart(archive: string, section: string, text: (before: string) => string): string {
  let name = "";
  rewrite(archive, (manifest) => {
    const part = manifest.parts.find((candidate) => candidate.section === section)!;
    name = part.file;
    const packed = gzipSync(text("{}\n"));
    writeFileSync(join(archive, name), packed);
    Object.assign(part, { bytes: packed.byteLength, sha256: sha256(packed) });
  });
  return name;
}

const events = (archive: string) => readdirSync(archive).find((name) => name.includes("-events"))!;
const target = () => join(directory(), "target");
const argv = (archive: string, place: string) => ["import", archive, "--data-dir", place, "--source-key-file", keyFile];

describe("an archive is refused, by import and by its dry run, whatever was damaged:", () => {
  const cases: [what: string, damage: (archive: string) => string, sentence: RegExp][] = [
    [
      "a flipped byte",
      (archive) => flip(join(archive, events(archive))) ?? events(archive),
      /is not what was exported: its SHA-256 differs/,
    ],
    ["a missing part", (archive) => removed(archive, events(archive)), /is missing from/],
    ["a part cut short", (archive) => cut(archive, events(archive)), /bytes where the manifest says/],
    ["a part with more at its end", (archive) => longer(archive, events(archive)), /bytes where the manifest says/],
    ["a flipped byte of the manifest", (archive) => flip(join(archive, "manifest.json")) ?? "manifest.json", /its checksum is wrong/],
    ["a manifest cut short", (archive) => cut(archive, "manifest.json"), /its checksum is wrong/],
    ["no manifest", (archive) => removed(archive, "manifest.json"), /its export was not finished/],
    ["a newer format", (archive) => changed(archive, { format: 2 }), /of format 2, and this Posthorn reads up to 1/],
    ["counts that are not those of the parts", (archive) => changed(archive, { sections: {} }), /its checksum is wrong/],
    ["a part that is no line of JSON", (archive) => replacePart(archive, "events", () => "nonsense\n"), /holds a line that is no JSON/],
    [
      "a part with too few records",
      (archive) => replacePart(archive, "marks", () => '{"name":"x","value":1}\n'),
      /holds 1 records where the manifest says 2/,
    ],
    [
      "a record with a strange field",
      (archive) => replacePart(archive, "marks", () => '{"name":"x","value":1,"y":2}\n'),
      /a field this version does not know/,
    ],
    [
      "a record of a wrong shape",
      (archive) => replacePart(archive, "marks", () => '{"name":"x","value":-1}\n'),
      /whose value is not what it should be/,
    ],
    ["a record cut in two", (archive) => replacePart(archive, "marks", () => '{"name":"x"'), /ends in the middle of a record/],
    ["a path out of the archive", (archive) => outside(archive), /its checksum is wrong/],
  ];
  it.each(cases)("%s", { timeout: 60_000 }, async (_, damage, sentence) => {
    const archive = copy();
    const named = damage(archive);
    for (const more of [[], ["--dry-run"]]) {
      const place = target();
      const { exit, out, err } = await run([...argv(archive, place), ...more]);
      expect(err).toMatch(sentence);
      expect(err).toContain(named);
      expect(err).toMatch(/export again|Run the export again|a newer (one|Posthorn)/);
      expect(out).toBe("");
      expect(exit).toBe(1);
    }
  });
});

describe("keys and states", () => {
  it("another key, no key and a wrong passphrase say what is needed, with exit code 2", { timeout: 60_000 }, async () => {
    const wrong = join(directory(), "key");
    writeFileSync(wrong, Buffer.from(TARGET_KEY).toString("base64"));
    const withKey = await run(["import", good, "--data-dir", target(), "--source-key-file", wrong]);
    expect([withKey.exit, withKey.err]).toEqual([2, expect.stringContaining("The key given is not the one of the store")]);
    const without = await run(["import", good, "--data-dir", target()]);
    expect([without.exit, without.err]).toEqual([2, expect.stringContaining("--source-key-file")]);
    const archive = join(directory(), "archive");
    await exported(await filled(2), archive, { passphrase: "the right passphrase" });
    const passphrase = await run(["import", archive, "--data-dir", target(), "--passphrase-file", "-"], { stdin: "not the right one\n" });
    expect([passphrase.exit, passphrase.err]).toEqual([2, expect.stringContaining("The passphrase is not the one")]);
    const short = await run(["import", archive, "--data-dir", target(), "--passphrase-file", "-"], { stdin: "short\n" });
    expect([short.exit, short.err]).toEqual([2, expect.stringContaining("fewer than 12 characters")]);
  });

  it("a target with something in it, or half of another archive, is refused with exit code 5", { timeout: 60_000 }, async () => {
    const place = await filled(5, { events: 30 });
    const full = await run(argv(good, place));
    expect([full.exit, full.err]).toEqual([5, expect.stringContaining("The target is not empty")]);
    const fresh = target();
    expect((await run(argv(good, fresh))).exit).toBe(0);
    // The same archive again is no mistake: it is there already.
    expect((await run(argv(good, fresh))).exit).toBe(0);
    const other = join(directory(), "archive");
    await exported(await filled(22), other);
    const second = await run(argv(other, fresh));
    expect([second.exit, second.err]).toEqual([5, expect.stringContaining("The target is not empty")]);
  });

  it("a store in use, and a directory that holds something else, are refused with exit code 5", { timeout: 60_000 }, async () => {
    const place = await filled(6);
    const lock = lockDirectory(place);
    const busy = await run(["export", join(directory(), "a"), "--data-dir", place]);
    lock.release();
    expect([busy.exit, busy.err]).toEqual([5, expect.stringContaining("Another Posthorn is using the data directory")]);
    const strange = directory();
    writeFileSync(join(strange, "notes.txt"), "mine");
    const taken = await run(["export", strange, "--data-dir", place]);
    expect([taken.exit, taken.err]).toEqual([5, expect.stringContaining("is not empty")]);
    const finished = await run(["export", good, "--data-dir", place]);
    expect([finished.exit, finished.err]).toEqual([5, expect.stringContaining("holds a finished archive")]);
    const nothing = await run(["export", join(directory(), "a"), "--data-dir", dataDirectory()]);
    expect([nothing.exit, nothing.err]).toEqual([5, expect.stringContaining("is no data directory of Posthorn")]);
  });
});

function flip(file: string): null {
  const content = readFileSync(file);
  const at = seededRandom(file).int(content.byteLength);
  content[at]! ^= 1 << (at % 8);
  writeFileSync(file, content);
  return null;
}

function removed(archive: string, name: string): string {
  rmSync(join(archive, name));
  return name;
}

function cut(archive: string, name: string): string {
  truncateSync(join(archive, name), Math.floor(readFileSync(join(archive, name)).byteLength / 2));
  return name;
}

function longer(archive: string, name: string): string {
  appendFileSync(join(archive, name), "more");
  return name;
}

function changed(archive: string, fields: object): string {
  rewrite(archive, (manifest) => void Object.assign(manifest, fields));
  return "manifest.json";
}

function outside(archive: string): string {
  mkdirSync(join(archive, "..", "elsewhere"));
  rewrite(archive, ({ parts }) => void (parts[0]!.file = "../elsewhere/000001-events.ndjson.gz"));
  return "manifest.json";
}
