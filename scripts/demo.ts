// `npm run demo`: every real GitHub payload through a real server to a real receiver, with forgeries and repeats among them; exits 0 only if all adds up.
import { checkDemo } from "./demo/check.ts";
import { startDemoReceiver } from "./demo/receiver.ts";
import { planRequests, sendAll } from "./demo/sender.ts";
import { startDemoServer } from "./demo/server.ts";
import { printTable } from "./demo/table.ts";

const receiver = await startDemoReceiver();
const server = await startDemoServer();
try {
  const hook = await server.connect(receiver.url);
  receiver.expect(hook.signingSecret);
  const plan = await planRequests(hook.sourceSecret);
  console.log(`sending ${plan.length} requests to ${hook.ingestUrl.replace(/\/in\/.*/, "/in/***")} …`);
  const answers = await sendAll(hook.ingestUrl, plan);
  const genuine = plan.filter((planned) => planned.kind === "genuine");
  await receiver.delivered(genuine.length);
  const outcome = await checkDemo({ server, receiver, plan, answers });
  printTable(outcome.rows, outcome.problems);
  process.exitCode = outcome.problems.length === 0 ? 0 : 1;
} finally {
  await server.stop();
  await receiver.close();
}
