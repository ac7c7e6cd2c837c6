import { duration } from './table.ts';

/** Milliseconds between lines where no terminal rewrites them. */
const plainIntervalMillis = 5_000;

/** Shows how far a long job is: one rewritten line on a terminal, a line now and then elsewhere; with the time left once it can be told. */
export class Progress {
  readonly #label: string;
  readonly #startedAt = performance.now();
  #step = '';
  #stepStartedAt = performance.now();
  #lastPlainAt = 0;
  #lastText = '';

  constructor(label: string) {
    this.#label = label;
  }

  /** `done` of `total` parts of the present step; `total` 0: it cannot be told. */
  show(step: string, done = 0, total = 0): void {
    const now = performance.now();
    if (step !== this.#step) [this.#step, this.#stepStartedAt] = [step, now];
    const elapsedSeconds = (now - this.#startedAt) / 1000;
    const stepSeconds = (now - this.#stepStartedAt) / 1000;
    const share =
      total > 0 && done > 0 ? `, about ${duration((stepSeconds / done) * (total - done))} of this left` : '';
    const parts = total > 0 ? ` ${done}/${total}` : '';
    this.#write(`${this.#label}: ${step}${parts} (${duration(elapsedSeconds)}${share})`);
  }

  /** Ends the line. Returns the seconds that the job took. */
  end(): number {
    if (process.stderr.isTTY && this.#lastText) process.stderr.write('\r\u001b[K');
    return (performance.now() - this.#startedAt) / 1000;
  }

  #write(text: string): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${text}`);
    } else if (performance.now() - this.#lastPlainAt > plainIntervalMillis) {
      process.stderr.write(`${text}\n`);
      this.#lastPlainAt = performance.now();
    }
    this.#lastText = text;
  }
}
