// Writes the documents that are derived from code; with --check it writes nothing and fails when one of them is stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { flagOf } from "../src/cli/command.ts";
import { COMMANDS, GROUPS } from "../src/cli/commands.ts";
import { EXIT_DOCS } from "../src/cli/exit.ts";
import { type SettingDoc, settingDocs } from "../src/config.ts";
import { ERRORS } from "../src/errors.ts";
import { buildOpenApi } from "../src/http/openapi.ts";
import { ROUTES } from "../src/http/routes.ts";
import { providerBlocks } from "./providers-page.ts";

const root = new URL("../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { version: string };

const documents: [path: string, content: string][] = [
  ["docs/configuration.md", configurationPage()],
  ["docs/errors.md", errorsPage()],
  ["docs/cli.md", commandsPage()],
  ["docs/openapi.json", openapiDocument()],
  ["docs/providers.md", page("Providers", "sdk/src/providers/", ...providerBlocks(table))],
];

const stale: string[] = [];
for (const [path, content] of documents) {
  const file = fileURLToPath(new URL(path, root));
  if (existsSync(file) && readFileSync(file, "utf8") === content) continue;
  stale.push(path);
  if (process.argv.includes("--check")) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
if (process.argv.includes("--check") && stale.length > 0) {
  console.error(`Stale: ${stale.join(", ")}. Run "npm run generate" and commit the result.`);
  process.exitCode = 1;
} else if (stale.length > 0) {
  console.log(`Written: ${stale.join(", ")}`);
}

function configurationPage(): string {
  return page(
    "Configuration",
    "src/config.ts",
    "Posthorn needs no setting to start. Every setting is an environment variable; an empty one counts as unset.",
    "A variable marked *secret* can be given as a file instead: put the file's path in the variable of the same name with `_FILE` at its end. A line break at the end of the file is no part of the secret. Secrets are never printed or logged.",
    "At start every bad setting is reported at once, and a `POSTHORN_` variable that is no setting is warned about.",
    "## Server",
    table(["Variable", "Default", "Takes", "What it does"], settingDocs("server").map(settingRow)),
    "The flags of `posthorn start` and `posthorn dev` win over the environment: " +
      settingDocs("server")
        .flatMap((doc) => (doc.flag === null ? [] : [`\`${doc.flag}\` is \`${doc.env}\``]))
        .join(", ") +
      ".",
    "## Commands that talk to a server",
    table(["Variable", "Default", "Takes", "What it does"], settingDocs("client").map(settingRow)),
    "They read `POSTHORN_API_KEY` and `POSTHORN_DATA_DIR` too. `NO_COLOR` with any value turns colours off.",
    "## Export and import",
    table(["Variable", "Default", "Takes", "What it does"], settingDocs("archive").map(settingRow)),
    "They read `POSTHORN_DATA_DIR`, `POSTHORN_DATABASE_URL` and `POSTHORN_SECRET_KEY` too.",
  );
}

function settingRow({ env, default: fallback, kind, doc, secret }: SettingDoc): string[] {
  return [`\`${env}\`${secret ? " *secret*" : ""}`, fallback === null ? "unset" : fallback === "" ? "empty" : `\`${fallback}\``, kind, doc];
}

function errorsPage(): string {
  const entries = Object.entries(ERRORS).map(([code, { status, title, doc }]) => `## ${code}\n\n**${status}**: ${title}.\n\n${doc}`);
  return page(
    "Errors",
    "src/errors.ts",
    "Every error of the API is an `application/problem+json` document (RFC 9457) whose `code` is one of these. `detail` says what is wrong this time, and `errors` lists offending fields.",
    ...entries,
  );
}

function commandsPage(): string {
  const sections = COMMANDS.map((command) => {
    const usage = `posthorn ${command.name}${(command.arguments ?? []).map(({ name, many }) => ` <${name}${many === true ? "..." : ""}>`).join("")} [options]`;
    const examples = command.examples.map(([line, does]) => `# ${does}\n${line}`).join("\n");
    const rows = [
      ...(command.arguments ?? []).map(({ name, description }) => [`\`<${name}>\``, description]),
      ...Object.entries(command.options).map(([key, option]) => [
        `\`${flagOf(key)}${option.placeholder === null ? "" : ` ${option.placeholder}`}\`${option.negatable === true ? `, \`${flagOf(key).replace("--", "--no-")}\`` : ""}`,
        option.description,
      ]),
    ];
    return [
      `### posthorn ${command.name}`,
      command.summary,
      ...(command.description === undefined ? [] : [command.description]),
      `\`\`\`sh\n${examples}\n\`\`\``,
      `Usage: \`${usage}\``,
      table(["Option", "Meaning"], rows),
    ].join("\n\n");
  });
  return page(
    "Command line",
    "src/cli/",
    "Data goes to stdout and messages to stderr. Colours appear on a terminal only; `--no-color` and the variable `NO_COLOR` turn them off. With `--json` a list is one JSON document and `tail` is one JSON object a line. No command asks questions.",
    "## Exit codes",
    table(
      ["Code", "Meaning"],
      EXIT_DOCS.map(([code, meaning]) => [String(code), meaning]),
    ),
    "## Nouns",
    table(
      ["Noun", "What it is"],
      Object.entries(GROUPS).map(([noun, what]) => [`\`${noun}\``, what]),
    ),
    "## Commands",
    ...sections,
  );
}

function openapiDocument(): string {
  return `${JSON.stringify(buildOpenApi(ROUTES, manifest.version), null, 2)}\n`;
}

function page(title: string, origin: string, ...blocks: string[]): string {
  const notice = `<!-- Written by \`npm run generate\` from ${origin}: change that, not this file. -->`;
  return `# ${title}\n\n${notice}\n\n${blocks.join("\n\n")}\n`;
}

function table(headings: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}
