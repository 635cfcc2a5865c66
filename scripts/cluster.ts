// `npm run cluster`: a PostgreSQL and three nodes behind one port, with a little traffic; shows what each does, and lets you hurt them.
import { parseArgs } from "node:util";
import { type RunningCluster, startCluster } from "./cluster/cluster.ts";
import { createKeys } from "./cluster/keys.ts";
import { openScreen } from "./cluster/screen.ts";

const NODES = 3;
const LOOK_EVERY_MS = 1_000;
/** Lines of a log are for reading afterwards. */
const LINE_EVERY_MS = 5_000;

const { values } = parseArgs({
  options: {
    quiet: { type: "boolean", default: false },
    rate: { type: "string", default: "6" },
    port: { type: "string", default: "4400" },
    help: { type: "boolean", default: false },
  },
});
const isWithin = (text: string, min: number, max: number) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
const isFine = isWithin(values.port, 0, 65_535) && isWithin(values.rate, 1, 1_000);
if (values.help || !isFine) {
  console.log(`npm run cluster -- [--quiet] [--rate 6] [--port 4400]

  --quiet  no traffic of its own
  --rate   webhooks a second that it sends, 1 to 1000
  --port   the one in front of the nodes; 0 takes a free one

Every run starts afresh: its database and its files go when it ends. POSTHORN_TEST_DATABASE_URL names a PostgreSQL to use
instead of one that is started for it; a database is made there, and dropped at the end.`);
  process.exit(isFine ? 0 : 1);
}

const screen = openScreen();
const { say } = screen;
const keys = createKeys(NODES);
const { promise: asked, resolve } = Promise.withResolvers<void>();
let isEnding = false;
// Whoever does not want to wait for an end in order asks again: the keepers then end the nodes and the database.
function quit(): void {
  if (isEnding) process.exit(130);
  isEnding = true;
  screen.close();
  say("Ending the nodes and the database; once more ends them at once");
  resolve();
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, quit);

const opened: (() => Promise<void> | void)[] = [];
const perSecond = values.quiet ? null : Number(values.rate);
const started = startCluster({ nodes: NODES, port: Number(values.port), perSecond, say, opened });
try {
  const cluster = await Promise.race([started, asked]);
  if (cluster !== undefined) await show(cluster);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  // What fails because the rest is going is no news.
  started.catch(() => undefined);
  while (opened.length > 0) await opened.pop()!();
}
process.exit();

/** Until somebody asks it to end. */
async function show(cluster: RunningCluster): Promise<void> {
  console.log(welcome(cluster));
  let last: Awaited<ReturnType<RunningCluster["look"]>> | null = null;
  const draw = () => {
    if (last !== null) screen.draw({ ...last, question: keys.question });
  };
  screen.onKey((key) => {
    const command = keys.press(key);
    if (command?.kind === "quit") return quit();
    if (command !== null) cluster.obey(command).catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
    draw();
  });
  while (!isEnding) {
    last = await cluster.look();
    draw();
    await Promise.race([
      asked,
      new Promise((resume) => {
        setTimeout(resume, screen.isTerminal ? LOOK_EVERY_MS : LINE_EVERY_MS);
      }),
    ]);
  }
}

function welcome({ url, apiKey }: RunningCluster): string {
  const headers = `-H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json'`;
  const curl = `curl -i -X POST '${url}/v1/events' ${headers} -d '{"type":"push","data":{"message":"from curl"}}'`;
  return `\nThree nodes are running behind one port.\n\n  URL      ${url}\n  API key  ${apiKey}\n\nSend an event; x-served-by says which node took it:\n\n  ${curl}\n`;
}
