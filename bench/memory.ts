// Memory over a long run: many events received, committed and delivered by one process, its resident size sampled throughout.
import { githubLoad, githubSource } from "./ingest.ts";
import { residentMiB, startPosthorn, startScript } from "./processes.ts";

export interface MemoryReport {
  events: number;
  /** Resident MiB after each step. */
  samplesMiB: number[];
  maxMiB: number;
}

const STEPS = 20;

export async function benchMemory(options: { events: number }): Promise<MemoryReport> {
  const receiver = await startScript("receiver.ts");
  const posthorn = await startPosthorn();
  const source = await githubSource(posthorn);
  const destination = await posthorn.call<{ id: string }>("POST", "/v1/destinations", {
    name: "bench",
    type: "http",
    url: `http://127.0.0.1:${receiver.port}/`,
    concurrencyMax: 64,
  });
  await posthorn.call("POST", "/v1/subscriptions", { sourceId: source.id, destinationId: destination.id });
  const samplesMiB: number[] = [];
  let maxMiB = 0;
  const sampler = setInterval(() => {
    maxMiB = Math.max(maxMiB, residentMiB(posthorn.pid));
  }, 100);
  for (let step = 0; step < STEPS; step += 1) {
    await githubLoad(posthorn.port, source.path, Math.ceil(options.events / STEPS));
    samplesMiB.push(residentMiB(posthorn.pid));
    console.log(
      `memory    ${String(Math.ceil((options.events / STEPS) * (step + 1))).padStart(7)} events  resident ${samplesMiB.at(-1)} MiB  highest ${maxMiB} MiB`,
    );
  }
  await drained(receiver.port, options.events);
  samplesMiB.push(residentMiB(posthorn.pid));
  clearInterval(sampler);
  await posthorn.stop();
  await receiver.stop();
  return { events: options.events, samplesMiB, maxMiB };
}

/** Waits until the receiver has had every event; gives up when it stands still for half a minute. */
async function drained(port: number, events: number): Promise<void> {
  let last = -1;
  let stillSince = performance.now();
  for (;;) {
    const count = Number(await (await fetch(`http://127.0.0.1:${port}/count`)).text());
    if (count >= events) return;
    if (count !== last) stillSince = performance.now();
    last = count;
    if (performance.now() - stillSince > 30_000) throw new Error(`only ${count} of ${events} events were delivered`);
    await new Promise((resume) => setTimeout(resume, 200));
  }
}
