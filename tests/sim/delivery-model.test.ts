// The state machine of deliveries through the real flow and store, against a model: after any steps each delivery is where
// the model says, every state and every move is reached, and in the end none is stuck without a person's say.
import fc from "fast-check";
import { expect, it } from "vitest";
import { ANSWER_NAMES, ANSWERS, type DeliveryModel, ENDS, FATES, MOVES, type Reached } from "./delivery-model.ts";
import { Answer, begin, check, Command, Connect, Crash, Publish, type Real, Remove, Stop, Switch, Wait } from "./delivery-steps.ts";

const reached: Reached = { moves: new Set(), ends: new Set(), fates: new Set() };
const pick = fc.nat({ max: 60 });
const which = fc.nat({ max: 2 });
const among = fc.constantFrom(null, "sending", "parked", "dead", "delivered");
const steps = fc.commands(
  [
    fc.constantFrom(1, 3, 12).map((count) => new Publish(count)),
    fc.constantFrom(1, 3, 12).map((count) => new Publish(count)),
    fc.tuple(which, fc.constantFrom(...ANSWER_NAMES)).map(([target, name]) => new Answer(target, name)),
    fc.tuple(which, fc.constantFrom("200", "500", "refused")).map(([target, name]) => new Answer(target, name)),
    fc.constantFrom(10, 20, 45, 1_000).map((ms) => new Wait(ms)),
    fc.constantFrom(2_100, 6_000, 61_000, 700_000).map((ms) => new Wait(ms)),
    fc.tuple(pick, among).map(([at, shown]) => new Command("retry", at, shown)),
    fc.tuple(pick, among).map(([at, shown]) => new Command("cancel", at, shown)),
    fc.tuple(which, fc.constantFrom("active", "active", "paused", "disabled")).map(([target, to]) => new Switch(target, to)),
    which.map((target) => new Remove(target)),
    fc.constantFrom("before", "after", null).map((crash) => new Connect(crash)),
    fc
      .tuple(fc.constantFrom("settle", "commitDispatch", "dueDeliveries", null), fc.constantFrom("before", "after"))
      .map(([method, when]) => new Crash(method === null ? null : { method, when })),
    fc.constant(new Stop()),
  ],
  { maxCommands: 30, size: "max" },
);

async function runAll(commands: Iterable<fc.AsyncCommand<DeliveryModel, Real>>): Promise<void> {
  const { model, real } = await begin(reached);
  try {
    await fc.asyncModelRun(() => ({ model, real }), commands);
    await end(model, real);
  } finally {
    await real.t.dispose();
  }
}

/** Receivers are well and time passes: what is not at its end then waits for a person, and once they let it, nothing does. */
async function end(model: DeliveryModel, real: Real): Promise<void> {
  const { t } = real;
  for (const target of model.live) target.answer = "200";
  const waiting = () => model.tracked.filter(({ state }) => state === "waiting");
  const held = () => waiting().filter(({ shown }) => shown === "paused" || shown === "disabled");
  for (let turn = 0; turn < 60 && waiting().length > held().length; turn += 1) {
    await t.clock.advance(60_000);
    await check(model, real);
  }
  expect(
    waiting().filter(({ shown }) => shown !== "paused" && shown !== "disabled"),
    "stuck",
  ).toEqual([]);
  for (const index of model.live.keys()) await new Switch(index, "active").run(model, real);
  for (let turn = 0; turn < 60 && waiting().length > 0; turn += 1) {
    await t.clock.advance(60_000);
    await check(model, real);
  }
  expect(waiting(), "stuck although nobody holds it").toEqual([]);
  await t.clock.advance(3_000);
  await check(model, real);
  expect(t.running.worker.stats()).toEqual({ inFlight: 0, queued: 0, unsettled: 0 });
}

const tour: fc.AsyncCommand<DeliveryModel, Real>[] = [
  // What each answer makes of a delivery, at its first attempt and at its last.
  ...ANSWER_NAMES.flatMap((name) => {
    const first = [new Answer(0, name), new Publish(ANSWERS[name].disables ? 6 : 1), new Wait(100)];
    const more = ANSWERS[name].leadsTo === "again" ? [new Wait(97_000), new Wait(97_000)] : [];
    const after = [new Answer(0, "200"), new Switch(0, "active"), new Wait(61_000)];
    return [...first, ...more, ...after];
  }),
  // A person's commands on each state, and on each end.
  new Publish(6),
  new Command("cancel", 0, "sending"),
  new Command("cancel", 0, "waiting"),
  new Command("cancel", 0, "cancelled"),
  new Wait(100),
  new Command("retry", 0, "delivered"),
  new Command("retry", 0, "dead"),
  new Command("retry", 0, "cancelled"),
  new Wait(100),
  new Publish(5),
  new Switch(0, "paused"),
  new Crash(null),
  new Publish(2),
  new Command("retry", 0, "delivered"),
  new Command("retry", 0, "dead"),
  new Command("cancel", 0, "paused"),
  new Switch(0, "active"),
  new Switch(0, "paused"),
  new Wait(100),
  new Switch(0, "disabled"),
  new Publish(2),
  new Command("retry", 1, "delivered"),
  new Command("retry", 1, "dead"),
  new Command("cancel", 0, "disabled"),
  new Switch(0, "active"),
  new Switch(0, "disabled"),
  new Crash(null),
  new Switch(0, "active"),
  new Wait(61_000),
  // The breaker opens under an attempt that is still on its way, and the process dies. Before it, all slots have to be open.
  new Publish(14),
  new Wait(61_000),
  new Answer(0, "timeout"),
  new Publish(1),
  new Answer(0, "500"),
  new Publish(14),
  new Wait(1_000),
  new Crash(null),
  new Publish(2),
  new Command("cancel", 0, "parked"),
  new Command("retry", 0, "delivered"),
  new Wait(100),
  new Command("retry", 0, "dead"),
  new Wait(100),
  new Switch(0, "paused"),
  new Switch(0, "active"),
  new Wait(100),
  new Switch(0, "disabled"),
  new Switch(0, "active"),
  new Wait(1_000),
  new Answer(0, "200"),
  new Command("retry", 0, "parked"),
  new Wait(45),
  new Wait(700_000),
  // It opens over some that were in memory and never tried; nobody touches it, and its own probe brings them all back.
  new Publish(14),
  new Wait(61_000),
  new Answer(0, "500"),
  new Publish(14),
  new Wait(500),
  new Answer(0, "200"),
  new Wait(700_000),
  // Processes that end at each point, and what they had under way.
  new Publish(1),
  new Stop(),
  new Answer(0, "timeout"),
  new Publish(1),
  new Stop(),
  new Answer(0, "200"),
  new Wait(2_100),
  new Crash({ method: "settle", when: "before" }),
  new Crash({ method: "settle", when: "after" }),
  new Crash({ method: "commitDispatch", when: "before" }),
  new Crash({ method: "commitDispatch", when: "after" }),
  new Crash({ method: "dueDeliveries", when: "before" }),
  new Wait(61_000),
  // Destinations that come later, with the past, and that go.
  new Connect("before"),
  new Connect("after"),
  new Wait(50),
  new Remove(1),
  new Wait(61_000),
  new Connect(null),
  new Remove(0),
  new Command("retry", 0, "delivered"),
  new Command("retry", 0, "dead"),
];

it("a tour of every state and every move between them", async () => {
  await runAll(tour);
  expect([...reached.moves].toSorted()).toEqual(MOVES.toSorted());
  expect([...reached.ends].toSorted()).toEqual(ENDS.toSorted());
  expect([...reached.fates].toSorted()).toEqual(FATES.toSorted());
}, 60_000);

it("the model holds after every step of any other way, and makes no move that it does not know", async () => {
  await fc.assert(fc.asyncProperty(steps, runAll), { numRuns: 3, interruptAfterTimeLimit: 60_000 });
  expect([...reached.moves].filter((move) => !MOVES.includes(move))).toEqual([]);
}, 120_000);
