// `posthorn import`: what `posthorn export` wrote, into an empty store.
import { loadArchiveSettings } from "../config.ts";
import { defineCommand, flag, text } from "./command.ts";
import { EXIT } from "./exit.ts";
import { megabytes, moved, movingOptions, placeOf, readPassphrase, readSourceKey } from "./moving.ts";
import { printJson } from "./resource.ts";

export const importCommand = defineCommand({
  name: "import",
  summary: "Put what an export wrote into an empty store.",
  description:
    "Everything is checked before anything is written. Interrupted at any moment, the same command goes on where it stopped; until it has ended, no server starts on the store.\n" +
    "Secrets are sealed anew with the key of the target, which is made if there is none.\n" +
    "Exit code 1 is a damaged archive, 2 a wrong passphrase or key, 5 a target that is in use or not empty.",
  arguments: [{ name: "directory", description: "What the export wrote." }],
  options: {
    ...movingOptions,
    sourceKeyFile: text(
      "path",
      "Of an archive without a passphrase: the file secret-key of the store it was made from; POSTHORN_ARCHIVE_SOURCE_KEY otherwise.",
    ),
    dryRun: flag("check every part and count every record, and write nothing"),
    json: flag("one JSON object with the result on stdout"),
  },
  examples: [
    ["posthorn import ./archive --passphrase-file passphrase.txt --data-dir /srv/hooks", "into a new data directory"],
    ["posthorn import ./archive --dry-run", "whether the archive is whole"],
  ],
  async run(context, { args: [directory = ""], options: { dataDir, passphraseFile, sourceKeyFile, dryRun, json } }) {
    const place = placeOf(loadArchiveSettings(context.environment), dataDir);
    const passphrase = await readPassphrase(context, passphraseFile);
    const sourceKey = await readSourceKey(context, sourceKeyFile);
    const { terminal } = context;
    const report = await moved(context, dryRun ? "Checking" : "Importing", async (onProgress) => {
      const moving = await context.loadMoving();
      const options = { passphrase, sourceKey, onProgress };
      return dryRun ? moving.verify(directory, options) : moving.importFrom(directory, place, options);
    });
    if (json) printJson(terminal, { directory, dryRun, ...report });
    else {
      const { events, deliveries } = report.sections;
      const what = `${events} events, ${deliveries} deliveries, ${report.parts} parts, ${megabytes(report.bytes)}`;
      terminal.out(dryRun ? `The archive is whole: ${what}. Nothing was written.\n` : `Imported: ${what}. Start the server on it.\n`);
    }
    return EXIT.ok;
  },
});
