// The three shapes that commands on server resources take: a list, one thing, and an action on things by id.
import { LIST_LIMIT_MAX } from "../limits.ts";
import { printableJson } from "../printable.ts";
import { choice, type Command, type Context, count, defineCommand, type OptionTable, type OptionValues, text } from "./command.ts";
import { type ConnectionOptions, connectionOptions, findConnection } from "./connection.ts";
import { CliError, EXIT, type ExitCode, usageError } from "./exit.ts";
import { readDocument } from "./input-file.ts";
import { createServerClient, type Query, type ServerClient } from "./server-client.ts";
import { type Cell, renderTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface View {
  terminal: Terminal;
  nowMs: number;
}

interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

export async function connect(context: Context, options: ConnectionOptions): Promise<ServerClient> {
  return createServerClient(await findConnection(context.environment, options));
}

/** JSON for programs: indented, and with no character that could act on a terminal it is shown on. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

export function viewOf(context: Context): View {
  return { terminal: context.terminal, nowMs: context.clock.now() };
}

interface ListSpec<T, O extends OptionTable> {
  name: string;
  summary: string;
  description?: string;
  path: string;
  options: O;
  query(options: OptionValues<O>): Query;
  headings: string[];
  row(item: T, view: View): Cell[];
  /** What to say to a person when there is nothing. */
  empty: string;
  examples: Command["examples"];
}

const pageOptions = {
  limit: count("number", `How many, at most ${LIST_LIMIT_MAX}.`, { min: 1, max: LIST_LIMIT_MAX }),
  cursor: text("cursor", "Where to go on, from the end of the previous page."),
};

export function listCommand<T, O extends OptionTable>(spec: ListSpec<T, O>): Command {
  const { name, summary, description, examples } = spec;
  return defineCommand({
    name,
    summary,
    description,
    examples,
    options: { ...spec.options, ...pageOptions, ...connectionOptions },
    async run(context, { options }) {
      const { limit, cursor, json } = options as OptionValues<typeof pageOptions> & ConnectionOptions;
      const client = await connect(context, options as ConnectionOptions);
      const page = await client.get<Page<T>>(spec.path, { ...spec.query(options as OptionValues<O>), limit, cursor });
      const { terminal } = context;
      if (json) {
        printJson(terminal, page);
        return EXIT.ok;
      }
      const view = viewOf(context);
      if (page.data.length === 0) terminal.err(`${spec.empty}\n`);
      else
        terminal.out(
          renderTable(
            terminal,
            spec.headings,
            page.data.map((item) => spec.row(item, view)),
          ),
        );
      if (page.nextCursor !== null) terminal.err(`There is more: add --cursor ${page.nextCursor}\n`);
      return EXIT.ok;
    },
  });
}

interface GetSpec<T> {
  name: string;
  summary: string;
  argument: string;
  path(id: string): string;
  print(item: T, view: View, client: ServerClient): Promise<void> | void;
  /** Formats of the API beside its own, printed as the server writes them. */
  formats?: readonly [string, ...string[]];
  examples: Command["examples"];
}

export function getCommand<T>(spec: GetSpec<T>): Command {
  const formatOption: OptionTable = spec.formats === undefined ? {} : { format: choice(spec.formats, "Print it in this format.") };
  return defineCommand({
    name: spec.name,
    summary: spec.summary,
    arguments: [{ name: "id", description: spec.argument }],
    options: { ...formatOption, ...connectionOptions },
    examples: spec.examples,
    async run(context, { args: [id = ""], options: given }) {
      const options = given as ConnectionOptions & { format?: string };
      const client = await connect(context, options);
      if (options.format !== undefined) {
        const document = await client.text(spec.path(encodeURIComponent(id)), { format: options.format });
        context.terminal.out(`${printableJson(document)}\n`);
        return EXIT.ok;
      }
      const item = await client.get<T>(spec.path(encodeURIComponent(id)));
      if (options.json) printJson(context.terminal, item);
      else await spec.print(item, viewOf(context), client);
      return EXIT.ok;
    },
  });
}

interface ActionSpec<T> {
  name: string;
  summary: string;
  description?: string;
  argument: string;
  act(client: ServerClient, id: string): Promise<T>;
  /** One line for a person about what happened. */
  told(item: T, id: string, view: View): string;
  examples: Command["examples"];
}

/** Runs on every id given, also after one failed, so that a script need not find out where it stopped. */
export function actionCommand<T>(spec: ActionSpec<T>): Command {
  return defineCommand({
    name: spec.name,
    summary: spec.summary,
    description: spec.description,
    arguments: [{ name: "id", description: spec.argument, many: true }],
    options: connectionOptions,
    examples: spec.examples,
    async run(context, { args, options }) {
      const client = await connect(context, options);
      const { terminal } = context;
      const done: T[] = [];
      let exit: ExitCode = EXIT.ok;
      for (const id of args) {
        try {
          const item = await spec.act(client, encodeURIComponent(id));
          done.push(item);
          if (!options.json) terminal.out(`${spec.told(item, id, viewOf(context))}\n`);
        } catch (error) {
          // One id alone ends like any command; of several, the first failure is the command's code.
          if (args.length === 1 || !(error instanceof CliError)) throw error;
          terminal.err(`error: ${id}: ${error.message}\n`);
          if (exit === EXIT.ok) exit = error.exit;
        }
      }
      if (options.json) printJson(terminal, args.length === 1 ? done[0] : { data: done });
      return exit;
    },
  });
}

/** ms since the Unix epoch as the API takes times. */
export function timeParameter(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}

interface CreateSpec<T, O extends OptionTable> {
  name: string;
  summary: string;
  description?: string;
  path: string;
  options: O;
  /** The fields that flags set; undefined ones are left out. */
  document(context: Context, options: OptionValues<O>): Promise<Record<string, unknown>> | Record<string, unknown>;
  told(item: T, view: View): string;
  examples: Command["examples"];
}

const documentOption = { from: text("path", "JSON file with any fields of the API, - for stdin; flags win over it.") };

export function createCommand<T, O extends OptionTable>(spec: CreateSpec<T, O>): Command {
  const { name, summary, description, examples } = spec;
  return defineCommand({
    name,
    summary,
    description,
    examples,
    options: { ...spec.options, ...documentOption, ...connectionOptions },
    async run(context, { options }) {
      const document = await documentOf(context, spec, options);
      const client = await connect(context, options as ConnectionOptions);
      const item = await client.send<T>("POST", spec.path, document);
      if ((options as ConnectionOptions).json) printJson(context.terminal, item);
      else context.terminal.out(spec.told(item, viewOf(context)));
      return EXIT.ok;
    },
  });
}

interface UpdateSpec<T, O extends OptionTable> extends CreateSpec<T, O> {
  argument: string;
}

/** `path` is the list's. */
export function updateCommand<T, O extends OptionTable>(spec: UpdateSpec<T, O>): Command {
  const { name, summary, description, examples, argument } = spec;
  return defineCommand({
    name,
    summary,
    description,
    examples,
    arguments: [{ name: "id", description: argument }],
    options: { ...spec.options, ...documentOption, ...connectionOptions },
    async run(context, { args: [id = ""], options }) {
      const document = await documentOf(context, spec, options);
      if (Object.keys(document).length === 0) throw usageError("Nothing is to be changed: give a flag, or --from.");
      const client = await connect(context, options as ConnectionOptions);
      const item = await client.send<T>("PATCH", `${spec.path}/${encodeURIComponent(id)}`, document);
      if ((options as ConnectionOptions).json) printJson(context.terminal, item);
      else context.terminal.out(spec.told(item, viewOf(context)));
      return EXIT.ok;
    },
  });
}

/** What `--from` holds, and what flags say over it. */
async function documentOf<T, O extends OptionTable>(
  context: Context,
  spec: Pick<CreateSpec<T, O>, "document">,
  options: unknown,
): Promise<Record<string, unknown>> {
  const { from } = options as OptionValues<typeof documentOption>;
  // Flags first: what they cannot be combined with is said before anything waits for stdin.
  const flags = Object.entries(await spec.document(context, options as OptionValues<O>)).filter(([, value]) => value !== undefined);
  const base = from === undefined ? {} : await readDocument(context, from, "--from");
  return { ...base, ...Object.fromEntries(flags) };
}
