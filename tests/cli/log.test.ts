// The log: one line per record, no secret, no character that forges or hides a line.
import { describe, expect, test } from "vitest";
import { createLogger, type Logger } from "../../src/log.ts";
import { UNSAFE_OUTPUT } from "./rig.ts";

function logged(format: "json" | "pretty", use: (log: Logger) => void): string[] {
  const lines: string[] = [];
  use(createLogger({ level: "info", format, write: (line) => lines.push(line) }));
  return lines;
}

const FORGED = 'x\n{"level":"fatal","msg":"forged"}\u001b[2J\u009b1m\u202e\u2028';

describe.each(["json", "pretty"] as const)("%s", (format) => {
  test("a record is one line, whatever is in it", () => {
    const [line = "", ...rest] = logged(format, (log) => log.info({ path: FORGED }, FORGED));
    expect(rest).toEqual([]);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(line.slice(0, -1)).not.toMatch(UNSAFE_OUTPUT);
  });

  test("no secret passes, by field or by form", () => {
    const lines = logged(format, (log) => {
      log.info({
        authorization: "Bearer hunter2hunter2",
        headers: ["Cookie", "hunter2", "x-api-key", "hunter2"],
        nested: { secret: "hunter2", clientSecret: "hunter2" },
      });
      log.warn("sent Bearer hunter2hunter2 and whsec_hunter2hunter2 to https://user:hunter2@example.com/in/hunter2token/tail");
      log.error(new Error("whsk_hunter2hunter2", { cause: new Error("Basic hunter2hunter2") }));
      log.info({ key: Buffer.from("hunter2") });
    });
    expect(lines.join("")).not.toContain("hunter2");
    expect(lines.join("")).toContain("/in/***/tail");
  });

  test("levels below the wanted one are silent", () => {
    expect(logged(format, (log) => log.debug("quiet"))).toEqual([]);
  });
});

describe("json", () => {
  test("keeps values that only look odd", () => {
    const [line = ""] = logged("json", (log) => log.info({ name: FORGED, count: 3, tokensLeft: 5 }, "hi"));
    expect(JSON.parse(line)).toMatchObject({ level: "info", name: FORGED, count: 3, tokensLeft: 5, msg: "hi" });
  });

  test("cuts very long texts and deep objects", () => {
    const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ inner }), "end");
    const [line = ""] = logged("json", (log) => log.info({ long: "x".repeat(1_000_000), deep }));
    expect(line.length).toBeLessThan(10_000);
  });

  test("keeps an error's stack, code and cause", () => {
    const [line = ""] = logged("json", (log) =>
      log.error(Object.assign(new Error("outer", { cause: new Error("inner") }), { code: "E1" })),
    );
    expect(JSON.parse(line)).toMatchObject({ err: { message: "outer", code: "E1", cause: { message: "inner" } } });
  });
});

test("pretty lines have colours only when told", () => {
  const lines: string[] = [];
  createLogger({ level: "info", format: "pretty", colors: true, write: (line) => lines.push(line) }).info("hi");
  expect(lines.join("")).toMatch(/\u001b\[36mINFO/);
});
