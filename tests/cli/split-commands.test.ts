// Commands on split requests, handshakes and CloudEvents: what they ask and what they print.
import { describe, expect, test } from "vitest";
import { NOW, run, scriptedServer } from "./rig.ts";

describe("events get --format", () => {
  test("prints the document as the server wrote it, safe to show", async () => {
    const document = `{"specversion":"1.0","id":"evt_1","data":{ "n": 12345678901234567890, "s": "a\u009bb" }}`;
    await using server = await scriptedServer(() => ({ text: document, type: "application/cloudevents+json" }));
    const { exit, out } = await run(["events", "get", "evt_1", "--format", "cloudevents"], { environment: server.environment });
    expect(exit).toBe(0);
    expect(out).toBe(`${document.replace("\u009b", "\\u009b")}\n`);
    expect(server.received.map(({ url }) => url)).toEqual(["/v1/events/evt_1?format=cloudevents"]);
  });

  test("takes no other format, and says when there is no such event", async () => {
    await using server = await scriptedServer(() => ({ status: 404, json: { detail: "There is no event evt_1." } }));
    const other = await run(["events", "get", "evt_1", "--format", "xml"], { environment: server.environment });
    expect([other.exit, server.received.length]).toEqual([2, 0]);
    expect((await run(["events", "get", "evt_1", "--format", "cloudevents"], { environment: server.environment })).exit).toBe(4);
  });
});

describe("split requests and handshakes", () => {
  const request = {
    id: "req_1",
    sourceId: "src_1",
    outcome: "accepted",
    cause: null,
    message: "Split into 25 events.",
    eventId: "evt_0",
    eventIds: Array.from({ length: 25 }, (_, i) => `evt_${i}`),
    receivedAt: new Date(NOW).toISOString(),
    method: "POST",
    contentType: null,
    remoteAddress: "192.0.2.1",
    bodyBytes: 2,
    request: { method: "POST", pathTail: "", query: "", headers: [], remoteAddress: "192.0.2.1" },
    body: "[]",
    bodyEncoding: "utf8",
    bodyTruncated: false,
  };

  test("a split request is shown with its events, the first twenty by name", async () => {
    await using server = await scriptedServer(() => ({ json: request }));
    const { out } = await run(["requests", "get", "req_1"], { environment: server.environment });
    expect(out).toContain("evt_18 evt_19 and 5 more\n");
    expect(out).not.toContain("evt_20");
    expect(out).toContain("Split into 25 events.");
  });

  test("handshakes are a filter of the list", async () => {
    const handshake = { ...request, outcome: "handshake", message: "Echoed the challenge.", eventId: null };
    await using server = await scriptedServer(() => ({ json: { data: [handshake], nextCursor: null } }));
    const { exit, out } = await run(["requests", "list", "--outcome", "handshake"], { environment: server.environment });
    expect(exit).toBe(0);
    expect(out).toContain("handshake  src_1   Echoed the challenge.");
    expect(server.received[0]!.url).toBe("/v1/requests?outcome=handshake");
  });

  test("sources create says to split only when it is asked to", async () => {
    await using server = await scriptedServer(() => ({ json: { id: "src_1", name: "a", provider: "none", url: "http://x" } }));
    await run(["sources", "create", "--name", "a", "--split"], { environment: server.environment });
    await run(["sources", "create", "--name", "b"], { environment: server.environment });
    expect(server.received.map(({ body }) => (body as { split?: boolean }).split)).toEqual([true, undefined]);
  });
});
