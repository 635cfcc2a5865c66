// The adapter of Next in a real Next server that compiles a route handler, over real sockets.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BODY, github, post, SECRET } from "../../tests/adapter-cases.ts";

// Next wants its app beside the packages it uses, so the folder is made where tools keep what can be made again.
const cache = fileURLToPath(new URL("../../../node_modules/.cache/", import.meta.url));
const adapter = fileURLToPath(new URL("./next.ts", import.meta.url));
let directory = "";
let server: ChildProcess;
let ended: Promise<unknown>;
let origin = "";
let url = "";

beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  directory = mkdtempSync(join(cache, "next-app-"));
  const folder = join(directory, "app", "hooks");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "route.js"),
    `import { webhook } from ${JSON.stringify(relative(folder, adapter))};
export const POST = webhook({
  provider: "github",
  secret: ${JSON.stringify(SECRET)},
  bodyBytesMax: 100000,
  handler: ({ id, type, body }, request) => ({ status: 201, headers: { "x-seen": [id, type, request.nextUrl.pathname].join(" ") }, body }),
});
`,
  );
  // Next finds the methods of a route by its exports, and adds HEAD and OPTIONS of its own where there are none.
  for (const [name, options] of Object.entries({
    meta: { provider: "meta", secret: SECRET, params: { verifyToken: "a-fixture-token" } },
    cloudevents: { provider: "cloudevents", secret: SECRET },
  })) {
    const at = join(directory, "app", name);
    mkdirSync(at);
    writeFileSync(
      join(at, "route.js"),
      `import { webhookHandlers } from ${JSON.stringify(relative(at, adapter))};
export const { GET, HEAD, OPTIONS, POST } = webhookHandlers({ ...${JSON.stringify(options)}, handler: () => undefined });
`,
    );
  }
  server = spawn(process.execPath, [fileURLToPath(new URL("../../tests/next-server.ts", import.meta.url)), directory], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "development", NEXT_TELEMETRY_DISABLED: "1" },
  });
  ended = new Promise((resolve) => server.once("exit", resolve));
  origin = await addressOf(server);
  url = `${origin}/hooks`;
});

afterAll(async () => {
  server.kill("SIGKILL");
  await ended;
  rmSync(directory, { recursive: true, force: true });
});

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const collect = (chunk: Buffer) => {
      text += chunk.toString();
      const found = /listening (\S+)\n/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout!.on("data", collect);
    child.stderr!.on("data", collect);
    child.once("exit", (code) => reject(new Error(`Next ended with ${code} before it listened: ${text}`)));
  });
}

describe("a Next server", () => {
  test.each<[string, string | Uint8Array]>([
    ["JSON with spaces", BODY],
    ["binary", Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256)],
    ["nothing", ""],
  ])("hands on the exact bytes of %s", async (_, body) => {
    const reply = await post({ url, body, headers: await github(body) });
    expect(reply.status).toBe(201);
    expect(reply.headers["x-seen"]).toBe("d-1 push /hooks");
    expect(reply.text).toBe(Buffer.from(body as string).toString("utf8"));
  });

  test("takes a chunked body", async () => {
    const whole = Buffer.from(BODY);
    const reply = await post({ url, body: [whole.subarray(0, 7), whole.subarray(7)], headers: await github(BODY) });
    expect(reply).toMatchObject({ status: 201, text: BODY });
  });

  test("answers 401 to a changed body and 413 to one that is too large", async () => {
    const refused = await post({ url, body: `${BODY} `, headers: await github(BODY) });
    expect(refused.status).toBe(401);
    expect(refused.headers["content-type"]).toBe("application/problem+json");
    const large = "x".repeat(100_001);
    expect((await post({ url, body: large, headers: await github(large) })).status).toBe(413);
  });

  test("answers the tests of an endpoint with other methods", async () => {
    const challenge = (token: string) => `${origin}/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`;
    const right = await post({ url: challenge("a-fixture-token"), method: "GET" });
    expect(right).toMatchObject({ status: 200, text: "1158201444" });
    expect(right.headers["content-type"]).toBe("text/plain");
    expect((await post({ url: challenge("another-token"), method: "GET" })).status).toBe(403);
    const headers = { "webhook-request-origin": "sender.example.test" };
    const allowed = await post({ url: `${origin}/cloudevents`, method: "OPTIONS", headers });
    expect(allowed).toMatchObject({ status: 200, text: "", headers: { "webhook-allowed-origin": "sender.example.test", allow: "POST" } });
  });
});
