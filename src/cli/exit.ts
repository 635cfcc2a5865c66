// How a command ends: its exit codes, stable for scripts, and the error that carries one.

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  timeout: 124,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_DOCS: [ExitCode, string][] = [
  [EXIT.ok, "success"],
  [EXIT.failure, "failure; for `verify`: the request does not verify"],
  [EXIT.usage, "wrong command, flag, setting or field"],
  [EXIT.auth, "API key missing, unknown or without the scope"],
  [EXIT.notFound, "no such resource"],
  [EXIT.conflict, "the resource's state does not allow it"],
  [EXIT.timeout, "no answer in time"],
];

/** Ends a command with one message for people and one code for scripts. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string) {
    super(message);
    this.exit = exit;
  }
}

export function usageError(message: string): CliError {
  return new CliError(EXIT.usage, message);
}
