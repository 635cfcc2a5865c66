// The rules of the tidy test, as functions from text to what is wrong with it, so that each can be tested with bad text.
import { posix } from "node:path";

/** Every source file says in its first line what it is for. A shebang may stand before it. */
export function opensWithPurpose(text: string): boolean {
  const [first = "", second = ""] = text.split("\n", 2);
  return /^\/\/ \S.{10,}/.test(first.startsWith("#!") ? second : first);
}

/** Notes to oneself belong in an issue. */
export function leftovers(text: string): string[] {
  // Written so that the rule does not find itself.
  return text.match(/\b(F[I]XME|T[O]DO)\b/g) ?? [];
}

/** What no linter rule names: the present, chance and timers taken past their doors in src/system. */
export function sideDoors(text: string): string[] {
  const doors = [
    /\bnew Date\(\s*\)/,
    /"node:timers(\/promises)?"/,
    /\b(randomBytes|randomUUID|randomInt|randomFill(Sync)?|generateKeyPair(Sync)?)\b/,
  ];
  const code = text.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
  return doors.flatMap((door) => door.exec(code)?.[0] ?? []);
}

/** Each heavy module has one room; whoever needs it elsewhere asks that room. */
const ROOMS: Readonly<Record<string, RegExp>> = {
  "node:sqlite": /^src\/store\/sqlite\//,
  "node:worker_threads": /^src\/(store\/sqlite\/|flow\/large-bodies)/,
  "node:dns": /^src\/outbound\//,
  "node:tls": /^src\/outbound\//,
  pg: /^src\/store\/postgres\//,
  undici: /^src\/outbound\//,
  fastify: /^src\/http\//,
  zod: /^src\/http\//,
  commander: /^src\/cli\//,
  pino: /^src\/log\.ts$/,
  re2js: /^src\/core\//,
};

export function strayImports(path: string, text: string): string[] {
  // A type leaves nothing behind at run time.
  const running = text.replaceAll(/^(import|export) type [^;]*;/gm, "");
  return importsOf(running).filter((specifier) => ROOMS[specifier]?.test(path) === false);
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:^import |^export |\bfrom |\bimport\()\s*"([^"\n]+)"/gm)].map((match) => match[1]!);
}

/** Paths from the root that a file imports. */
export function importedFiles(path: string, text: string): string[] {
  return importsOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.join(posix.dirname(path), specifier));
}

export function asserts(text: string): boolean {
  return /\b(expect\w*|assert\w*)(\.\w+)*(<[^>]*>)?\(/.test(text);
}

export interface Fence {
  language: string;
  /** What follows the language: `server` marks a block that runs until it is stopped. */
  note: string;
  text: string;
}

export function fences(markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\w*) ?([^\n]*)\n(.*?)^```$/gms)].map((match) => ({
    language: match[1]!,
    note: match[2]!,
    text: match[3]!,
  }));
}

export function titles(markdown: string): string[] {
  return withoutFences(markdown).match(/^# .+$/gm) ?? [];
}

/** Targets of links to other files of the repository, from the root. */
export function linkedFiles(page: string, markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!.split("#")[0]!)
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
    .map((target) => posix.join(posix.dirname(page), target));
}

/** Paths of code named in a page. One with a placeholder (`<`, `*`, `…`) stands for many and is not looked for. */
export function namedPaths(markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/`((?:src|sdk|tests|bench|scripts|docs|bin|\.ci)\/[^`\s]*)`/g)]
    .map((match) => match[1]!.replace(/\/$/, ""))
    .filter((path) => !/[<*…{]/.test(path));
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, "");
}

/** What one list has and the other lacks, in words that say which. */
export function difference(ours: readonly string[], theirs: readonly string[], [our, their]: [our: string, their: string]): string[] {
  const onlyOurs = ours.filter((name) => !theirs.includes(name)).map((name) => `${name}: in ${our}, not in ${their}`);
  const onlyTheirs = theirs.filter((name) => !ours.includes(name)).map((name) => `${name}: in ${their}, not in ${our}`);
  return [...onlyOurs, ...onlyTheirs];
}
