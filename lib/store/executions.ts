/** The executions that hold locks. */
export interface Executions {
  /** True while the execution can still act; false when it has ended or was never started. */
  isRunning(execution: string): Promise<boolean>;
}
