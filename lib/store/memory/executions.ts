import type { Executions } from '#store/executions.ts';

/** Executions by name; what was never started is not running. */
export class MemoryExecutions implements Executions {
  readonly #running = new Set<string>();

  start(execution: string): void {
    this.#running.add(execution);
  }

  stop(execution: string): void {
    this.#running.delete(execution);
  }

  async isRunning(execution: string): Promise<boolean> {
    return this.#running.has(execution);
  }
}
