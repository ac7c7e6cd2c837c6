import { duration } from '../report/table.ts';

/** Numbers, times and tells the steps of the quickstart. */
export class Steps {
  readonly #total: number;
  readonly #startedAt = performance.now();
  #number = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** Runs a step under its headline; what it returns is told line by line below. */
  async run<TResult>(
    headline: string,
    step: () => Promise<TResult>,
    tell: (result: TResult) => readonly string[] = () => [],
  ): Promise<TResult> {
    this.#number++;
    const startedAt = performance.now();
    say(`\n[${this.#number}/${this.#total}] ${headline}`);
    const result = await step();
    for (const line of tell(result)) say(`      ${line}`);
    say(`      done in ${duration((performance.now() - startedAt) / 1000)}`);
    return result;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }
}

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
