/** Where steps are told: one line when a step ends, with its time. */
export type Report = (line: string) => void;

export const silent: Report = () => {};

/** Runs a step and tells how long it took; a failure is told as well, then thrown on. */
export async function timed<TResult>(report: Report, step: string, action: () => Promise<TResult>): Promise<TResult> {
  const startedAtMillis = performance.now();
  const seconds = () => ((performance.now() - startedAtMillis) / 1000).toFixed(1);
  try {
    const result = await action();
    report(`${step}: ${seconds()} s`);
    return result;
  } catch (error) {
    report(`${step}: failed after ${seconds()} s`);
    throw error;
  }
}
