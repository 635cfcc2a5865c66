// Nodes: the processes that share one store.
import { z } from "zod";
import { ROLES } from "../../core/role.ts";
import { listQuery, timeText } from "./fields.ts";
import { answerSchema, pageOf } from "./registry.ts";

const count = z.number().int().min(0);

const node = answerSchema(
  "Node",
  z.strictObject({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    roles: z.array(z.enum(ROLES)),
    here: z.boolean().describe("Whether it is the node that answers."),
    shards: count.describe("How many of the 64 shards of destinations it works on."),
    inFlight: count.describe("Attempts under way."),
    queued: count.describe("Due deliveries in memory."),
    accepted: count.describe("Events accepted since its start."),
    attempts: count.describe("Attempts ended since its start."),
    startedAt: timeText,
    beatAt: timeText.describe("When it last said that it lives."),
  }),
);

export const nodePage = pageOf("NodePage", node);
export const nodeQuery = z.strictObject({ ...listQuery });

export type NodeView = z.output<typeof node>;
export type NodeQuery = z.output<typeof nodeQuery>;
