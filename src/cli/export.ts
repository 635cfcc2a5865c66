// `posthorn export`: everything a store holds, into a directory of files.
import { loadArchiveSettings } from "../config.ts";
import { defineCommand, flag } from "./command.ts";
import { EXIT } from "./exit.ts";
import { megabytes, moved, movingOptions, placeOf, readPassphrase } from "./moving.ts";
import { printJson } from "./resource.ts";

export const exportCommand = defineCommand({
  name: "export",
  summary: "Write everything a stopped server's store holds into a directory.",
  description:
    "The server must be stopped. Interrupted at any moment, the same command goes on behind the last whole part.\n" +
    "Secrets are sealed with a passphrase, or stay sealed with the key of the store, which the import then needs. Bodies and headers are as they are: keep the directory as safe as the database.\n" +
    "docs/moving.md walks through a move.",
  arguments: [{ name: "directory", description: "A new directory, or that of an export that was interrupted." }],
  options: {
    ...movingOptions,
    withoutAttempts: flag("leave out attempts: their record is lost, and nothing that is still to come"),
    json: flag("one JSON object with the result on stdout"),
  },
  examples: [
    ["posthorn export ./archive --passphrase-file passphrase.txt", "the store in ./posthorn-data"],
    ["posthorn export ./archive --data-dir /srv/hooks --without-attempts --json", "another one, for a script"],
  ],
  async run(context, { args: [directory = ""], options: { dataDir, passphraseFile, withoutAttempts, json } }) {
    const place = placeOf(loadArchiveSettings(context.environment), dataDir);
    const passphrase = await readPassphrase(context, passphraseFile);
    const { terminal } = context;
    const report = await moved(context, "Exporting", async (onProgress) => {
      const { exportTo } = await context.loadMoving();
      return exportTo(directory, place, { passphrase, sourceKey: null, attempts: !withoutAttempts, onProgress });
    });
    if (report.secrets === "source-key") {
      terminal.err("The secrets stay sealed with the key of this store: the import needs it (--source-key-file).\n");
    }
    if (json) printJson(terminal, { directory, ...report });
    else {
      const { events, deliveries } = report.sections;
      terminal.out(
        `${directory} holds everything: ${events} events, ${deliveries} deliveries, ${report.parts} parts, ${megabytes(report.bytes)}.\n`,
      );
    }
    return EXIT.ok;
  },
});
