// Turns the list of commands into the command line: parsing, help with examples first, and one place where errors become exit codes.
import { Command as Parser, CommanderError, type Help, Option as ParserOption } from "commander";
import { SettingsError } from "../config.ts";
import { printableBlock } from "../printable.ts";
import { type Command, type Context, flagOf } from "./command.ts";
import { COMMANDS, GROUPS } from "./commands.ts";
import { CliError, EXIT, EXIT_DOCS } from "./exit.ts";
import { PLAIN } from "./terminal.ts";

export interface ProgramText {
  version: string;
}

const NAME = "posthorn";
const TOP_EXAMPLES: Command["examples"] = [
  ["posthorn dev", "start on this machine and print a curl to try"],
  ["posthorn events list --since 1h", "what came in during the last hour"],
  ["posthorn verify --request hook.txt --provider github --secret-file secret.txt", "why a signature fails"],
];

/** Runs one command line (without node and script) and answers the exit code. Never throws. */
export async function runProgram(argv: readonly string[], context: Context, program: ProgramText): Promise<number> {
  let exit: number = EXIT.ok;
  const parser = buildParser(context, program, (code) => (exit = code));
  try {
    // The bare name asks what there is, which is no mistake.
    await parser.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
    return exit;
  } catch (error) {
    return reportError(error, context);
  }
}

function buildParser(context: Context, { version }: ProgramText, finish: (code: number) => void): Parser {
  const { terminal } = context;
  const root = new Parser(NAME);
  const dress = (parser: Parser): Parser =>
    parser
      .exitOverride()
      .showSuggestionAfterError(true)
      .helpOption("-h, --help", "show this help")
      .helpCommand(false)
      .configureOutput({
        writeOut: (text) => terminal.out(text),
        writeErr: (text) => terminal.err(printableBlock(text)),
        outputError: (text, write) => write(text),
      });
  dress(root).description("Webhooks in both directions: receive, send and develop.").version(version, "-V, --version", "show the version");
  root.configureHelp({ formatHelp: (command, help) => groupHelp(command, help, TOP_EXAMPLES) });
  const groups = new Map<string, Parser>();
  for (const command of COMMANDS) {
    const [noun = "", verb] = command.name.split(" ");
    const parser = dress(new Parser(verb ?? noun));
    equip(parser, command, context, finish);
    if (verb === undefined) {
      root.addCommand(parser);
      continue;
    }
    let group = groups.get(noun);
    if (group === undefined) {
      group = dress(new Parser(noun)).description(GROUPS[noun] ?? "");
      const examples = COMMANDS.filter((candidate) => candidate.name.startsWith(`${noun} `)).map((candidate) => candidate.examples[0]!);
      group.configureHelp({ formatHelp: (subject, help) => groupHelp(subject, help, examples) });
      groups.set(noun, group);
      root.addCommand(group);
    }
    group.addCommand(parser);
  }
  return root;
}

function equip(parser: Parser, command: Command, context: Context, finish: (code: number) => void): void {
  parser.description(command.summary).configureHelp({ formatHelp: (subject, help) => commandHelp(command, subject, help) });
  for (const argument of command.arguments ?? [])
    parser.argument(`<${argument.name}${argument.many === true ? "..." : ""}>`, argument.description);
  for (const [key, option] of Object.entries(command.options)) {
    const parserOption = new ParserOption(
      `${flagOf(key)}${option.placeholder === null ? "" : ` ${option.placeholder}`}`,
      option.description,
    );
    if (option.many) parserOption.argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value]);
    parser.addOption(parserOption);
    if (option.negatable === true) parser.addOption(new ParserOption(flagOf(key).replace("--", "--no-"), "the opposite"));
  }
  parser.addOption(new ParserOption("--no-color", "no colours; the variable NO_COLOR does the same"));
  parser.action(async (...received: unknown[]) => {
    const { color, ...raw } = parser.opts<Record<string, unknown>>();
    const args = received
      .slice(0, (command.arguments ?? []).length)
      .flat()
      .filter((value) => typeof value === "string");
    const plain =
      color === false
        ? { ...context, terminal: { ...context.terminal, outStyle: PLAIN }, environment: { ...context.environment, NO_COLOR: "1" } }
        : context;
    finish(await command.run(plain, args, raw));
  });
}

function reportError(error: unknown, { terminal }: Context): number {
  if (error instanceof CommanderError) {
    // --help and --version arrive here with code 0 after printing; everything else is a wrong command line, already reported.
    if (error.exitCode !== 0 && error.code !== "commander.help")
      terminal.err(`Run "${NAME} --help" to see the commands, or "${NAME} <command> --help" for one of them.\n`);
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof SettingsError) {
    terminal.err(`error: ${printableBlock(error.message)}\n`);
    return EXIT.usage;
  }
  if (error instanceof CliError) {
    terminal.err(`error: ${printableBlock(error.message)}\n`);
    return error.exit;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(`error: ${printableBlock(message)}\n`);
  return EXIT.failure;
}

function commandHelp(command: Command, subject: Parser, help: Help): string {
  const sections = [command.summary];
  sections.push(exampleSection(command.examples));
  sections.push(`Usage:\n  ${help.commandUsage(subject)}`);
  if (command.description !== undefined) sections.push(command.description);
  const described = command.arguments ?? [];
  if (described.length > 0)
    sections.push(
      pairSection(
        "Arguments",
        described.map((argument) => [argument.name, argument.description]),
      ),
    );
  sections.push(
    pairSection(
      "Options",
      help.visibleOptions(subject).map((option) => [help.optionTerm(option), help.optionDescription(option)]),
    ),
  );
  sections.push(exitSection());
  return `${sections.join("\n\n")}\n`;
}

function groupHelp(subject: Parser, help: Help, examples: Command["examples"]): string {
  const sections = [subject.description(), exampleSection(examples), `Usage:\n  ${help.commandUsage(subject)}`];
  sections.push(
    pairSection(
      "Commands",
      help.visibleCommands(subject).map((command) => [command.name(), command.description()]),
    ),
  );
  sections.push(
    pairSection(
      "Options",
      help.visibleOptions(subject).map((option) => [help.optionTerm(option), help.optionDescription(option)]),
    ),
  );
  sections.push(exitSection());
  return `${sections.join("\n\n")}\n`;
}

function exampleSection(examples: Command["examples"]): string {
  return `Examples:\n${examples.map(([line, does]) => `  # ${does}\n  $ ${line}`).join("\n")}`;
}

function exitSection(): string {
  return pairSection(
    "Exit codes",
    EXIT_DOCS.map(([code, meaning]) => [String(code), meaning]),
  );
}

function pairSection(title: string, pairs: [string, string][]): string {
  const width = Math.max(...pairs.map(([term]) => term.length));
  return `${title}:\n${pairs.map(([term, meaning]) => `  ${term.padEnd(width)}  ${meaning}`.trimEnd()).join("\n")}`;
}
