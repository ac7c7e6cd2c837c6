import * as z from 'zod/mini';

/** What one backfill has to do, as its first step writes it down. */
export const backfillPlanSchema = z.strictObject({
  /** Of the view. A stream view's items merge a history, a table view's rows are put where they are newer. */
  kind: z.enum(['stream', 'table']),
  /** `name@version`. */
  view: z.string(),
  /** Number of the backfill: the fence of its lease. */
  run: z.int(),
  /** The execution that the plan was made for. */
  execution: z.string(),
  /** The instant of the plan, epoch milliseconds. */
  nowMillis: z.int(),
  /** Run of the view's cut: items of lesser runs count as empty. 0 for a table view, which has no cut. */
  cutRun: z.int(),
  /** The last arrival that the backfill applies; the live stream applies what comes after it. 0: none, only a history. */
  cutMillis: z.int(),
});
export type BackfillPlan = z.infer<typeof backfillPlanSchema>;
