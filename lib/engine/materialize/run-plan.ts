import * as z from 'zod/mini';
import { intervalSchema } from './intervals.ts';

const requestedSchema = z.strictObject({ fromMillis: z.optional(z.int()), toMillis: z.optional(z.int()) });
const shared = {
  view: z.string(),
  run: z.int(),
  /** The execution that the plan was made for. */
  execution: z.string(),
  /** The instant that the plan is for: rows visible then are materialized. */
  nowMillis: z.int(),
  /** The interval that was asked for. */
  requested: requestedSchema,
};

/** Plan of a batch view's run. */
export const batchPlanSchema = z.strictObject({
  kind: z.literal('batch'),
  ...shared,
  /** Ticks that the run computes. */
  ticks: z.array(intervalSchema),
  tickCount: z.int(),
  chunks: z.array(z.strictObject({ number: z.int(), ...intervalSchema.shape })),
  /** Ticks among which rows for the online store are selected; absent for a view that is not online. */
  selection: z.optional(intervalSchema),
});

/** Plan of a table view's run. */
const tablePlanSchema = z.strictObject({
  kind: z.literal('table'),
  ...shared,
  /** Keys of source objects that are read because they are new or changed, or all of them. */
  newObjects: z.int(),
  /** Etag by key of every source object: what the state is once the run has succeeded. */
  objects: z.record(z.string(), z.string()),
});

export const runPlanSchema = z.discriminatedUnion('kind', [batchPlanSchema, tablePlanSchema]);
export type BatchPlan = z.infer<typeof batchPlanSchema>;
export type RunPlan = z.infer<typeof runPlanSchema>;
