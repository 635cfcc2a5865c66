// What a whole app does not let a test reach: a slow listener, a store that fails, a body sliced at its edges.
import { describe, expect, test } from "vitest";
import { ProblemError } from "../../src/errors.ts";
import { getReadiness } from "../../src/http/api/service.readyz.ts";
import { sliceField } from "../../src/http/json-slice.ts";
import { formatMetrics } from "../../src/http/metrics.ts";
import { mapError } from "../../src/http/problem.ts";
import type { Api, Call } from "../../src/http/route.ts";
import { openEventStream } from "../../src/http/sse.ts";
import { TAIL_BUFFER_ENTRIES_MAX } from "../../src/limits.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import { createTestClock } from "../kit/clock.ts";
import { seededRandom } from "../kit/random.ts";

describe("a slow listener", () => {
  test("gets what fits the buffer, then how many entries it lost, and heartbeats while it reads", async () => {
    const clock = createTestClock();
    let text = "";
    let fast = true;
    let drain = () => {};
    let close = () => {};
    const stream = {
      write: (part: string) => {
        text += part;
        return fast;
      },
      onDrain: (listener: () => void) => void (drain = listener),
      onClose: (listener: () => void) => void (close = listener),
    };
    const events = openEventStream(stream, clock);
    fast = false;
    for (let i = 0; i < TAIL_BUFFER_ENTRIES_MAX + 8; i += 1) events.send("e", () => String(i));
    expect(text).toBe(": connected\n\nevent: e\ndata: 0\n\n");
    await clock.advance(60_000);
    expect(text).not.toContain("still here");
    fast = true;
    drain();
    expect(text).toContain(`data: ${TAIL_BUFFER_ENTRIES_MAX}\n\n`);
    expect(text).toMatch(/event: dropped\ndata: \{"count":7\}\n\n$/);
    await clock.advance(15_000);
    expect(text).toMatch(/: still here\n\n$/);
    close();
    const length = text.length;
    await clock.advance(60_000);
    expect(text).toHaveLength(length);
  });
});

describe("a store that cannot commit", () => {
  test("503 for /readyz and for every write", async () => {
    const call = { api: { store: { ping: () => Promise.reject(new StoreUnavailableError("disk full")) } } as unknown as Api } as Call;
    await expect(getReadiness(call)).rejects.toBeInstanceOf(ProblemError);
    const { problem, internal } = mapError(new StoreUnavailableError("disk full at /secret/path"));
    expect([problem.status, problem.code]).toEqual([503, "store_unavailable"]);
    expect(JSON.stringify(problem)).not.toContain("/secret/path");
    expect(internal).toBeInstanceOf(StoreUnavailableError);
  });

  test("500 for a surprise tells the log, not the caller", () => {
    const { problem, internal } = mapError(new TypeError("x is not a function at /secret/path"));
    expect([problem.status, JSON.stringify(problem).includes("secret")]).toEqual([500, false]);
    expect(internal).toBeInstanceOf(TypeError);
  });
});

describe("sliceField", () => {
  test("finds exactly what JSON.parse finds, for any document", () => {
    const random = seededRandom("slice");
    const value = (depth: number): unknown => {
      const kinds = [1, -0.5e-7, 'a"b\\', "}],{\u2028", true, null, "", []];
      if (depth === 0 || random.chance(0.4)) return random.pick(kinds);
      const items = Array.from({ length: random.int(4) }, () => value(depth - 1));
      return random.chance(0.5) ? items : Object.fromEntries(items.map((item, i) => [random.pick(["data", 'da"ta', "x", `k${i}`]), item]));
    };
    for (let round = 0; round < 2_000; round += 1) {
      const data = value(4);
      const document = { a: value(2), data, 'b"': value(2) };
      const text = JSON.stringify(document, null, random.int(3));
      expect(JSON.parse(sliceField(text, "data") ?? "")).toEqual(data);
      expect(sliceField(text, "missing")).toBeNull();
    }
    expect(sliceField("{}", "data")).toBeNull();
  });

  test("takes a long string in linear time", () => {
    const long = JSON.stringify("\\".repeat(1_000_000));
    expect(sliceField(`{"data":${long}}`, "data")).toBe(long);
  });
});

test("metrics escape what a label may hold", () => {
  const text = formatMetrics([{ name: "posthorn_x_total", help: "X.", type: "counter", samples: [{ labels: { a: 'b"\n\\' }, value: 2 }] }]);
  expect(text).toBe('# HELP posthorn_x_total X.\n# TYPE posthorn_x_total counter\nposthorn_x_total{a="b\\"\\n\\\\"} 2\n');
});
