/** One figure. Where there is a budget, smaller is better, and a value above it fails the run. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: number;
}

/** What every bench/*.bench.ts exports. Talk goes to stderr: stdout is for the figures. */
export interface BenchModule {
  run(): Promise<readonly BenchResult[]>;
}

/** Nearest-rank percentile (0 < rank <= 1) of values in any order. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * rank) - 1)] ?? Number.NaN;
}

export interface Sampling {
  /** Runs that are thrown away: the engine compiles what runs often. */
  readonly warmUps: number;
  readonly samples: number;
}

/** Milliseconds of each of `samples` runs, one after the other. */
export async function sampleMillis(action: () => Promise<unknown>, { warmUps, samples }: Sampling): Promise<number[]> {
  for (let run = 0; run < warmUps; run++) await action();
  const millis: number[] = [];
  for (let run = 0; run < samples; run++) {
    const startedAt = performance.now();
    await action();
    millis.push(performance.now() - startedAt);
  }
  return millis;
}

/** Drops what is printed to stdout meanwhile: handlers log and count on every call, which belongs to their time but not to ours. */
export async function withoutOutput<T>(action: () => Promise<T>): Promise<T> {
  const write = process.stdout.write;
  process.stdout.write = () => true;
  try {
    return await action();
  } finally {
    process.stdout.write = write;
  }
}
