// Help and wrong command lines: examples first, suggestions, stable exit codes.
import { describe, expect, test } from "vitest";
import { COMMANDS, GROUPS } from "../../src/cli/commands.ts";
import { run, UNSAFE_OUTPUT } from "./rig.ts";

describe.each(COMMANDS.map((command) => [command.name, command] as const))("posthorn %s --help", (name, command) => {
  test("shows examples before anything else, options and exit codes", async () => {
    const { exit, out, err } = await run([...name.split(" "), "--help"]);
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out.split("\n\n")[1]).toMatch(/^Examples:\n {2}# .*\n {2}\$ .*posthorn /);
    expect(out).toContain(`Usage:\n  posthorn ${name}`);
    expect(out).toContain("--json");
    expect(out).toContain("  124  no answer in time");
    expect(out).not.toMatch(UNSAFE_OUTPUT);
  });

  test("its examples use options that it has", () => {
    const known = new Set(
      Object.entries(command.options).flatMap(([key, { negatable }]) => {
        const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
        return negatable === true ? [`--${flag}`, `--no-${flag}`] : [`--${flag}`];
      }),
    );
    for (const [line] of command.examples) {
      const own = line.replace(/\$\(.*\)/, "").split("|")[0]!;
      if (!own.includes(`posthorn ${name}`)) continue;
      for (const [flag] of own.matchAll(/(?<= )--[a-z0-9-]+/g)) expect(known, line).toContain(flag);
    }
  });
});

test("every command with two words has its noun described, and no key is ever a flag", () => {
  for (const { name, options } of COMMANDS) {
    if (name.includes(" ")) expect(Object.keys(GROUPS)).toContain(name.split(" ")[0]);
    expect(Object.keys(options)).not.toContain("apiKey");
  }
});

test.each([[[]], [["--help"]], [["events", "--help"]]])("%j shows help on stdout and succeeds", async (argv) => {
  const { exit, out, err } = await run(argv);
  expect({ exit, err }).toEqual({ exit: 0, err: "" });
  expect(out).toContain("Examples:");
});

test("--version prints the version alone", async () => {
  expect(await run(["--version"])).toEqual({ exit: 0, out: "0.0.0-test\n", err: "" });
});

test.each([
  [["evnets", "list"], "Did you mean events?"],
  [["events", "lst"], "Did you mean list?"],
  [["events", "list", "--lmit", "3"], "Did you mean --limit?"],
  [["events", "get"], "missing required argument 'id'"],
  [["events", "list", "extra"], "too many arguments"],
  [["events", "list", "--limit", "0"], "--limit takes a whole number from 1 to"],
  [["events", "list", "--since", "yesterday"], "--since takes a time such as"],
  [["deliveries", "list", "--status", "lost"], "--status takes one of"],
  [["start", "--port", "x"], "--port must be a whole number"],
])("%j is a usage error that helps", async (argv, message) => {
  const { exit, out, err } = await run(argv);
  expect({ exit, out }).toEqual({ exit: 2, out: "" });
  expect(err).toContain(message);
});

test("a noun alone lists its verbs on stderr and is a usage error", async () => {
  const { exit, out, err } = await run(["events"]);
  expect({ exit, out }).toEqual({ exit: 2, out: "" });
  expect(err).toContain("list  List events");
});
