/** Input of a run of materialization: see lambdas/plan-run/event.ts. */
export interface RunInput {
  /** `name@version`. */
  readonly view: string;
  /** Epoch milliseconds, exclusive. */
  readonly from?: number;
  /** Epoch milliseconds, inclusive. */
  readonly to?: number;
}

/** Runs of materialization. */
export interface Runs {
  /** Starts a run; gives its execution. */
  start(input: RunInput): Promise<string>;
  /** How executions stand once all have ended, or at the deadline (epoch milliseconds). */
  settled(executions: readonly string[], deadlineMillis: number): Promise<'succeeded' | 'failed' | 'running'>;
}
