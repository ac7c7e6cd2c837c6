import type { OracleValue } from './values.ts';

/** What a column holds, by plain loops over all of its values at once. Numbers and bigints alike count as numbers. */
export interface OracleStatistics {
  readonly nulls: number;
  readonly nans: number;
  readonly infinities: number;
  /** The values that are left, as numbers in order; empty for other types. */
  readonly sorted: readonly number[];
  readonly mean: number;
  /** Of a sample. */
  readonly deviation: number;
  /** Rows by text of the value. */
  readonly counts: Readonly<Record<string, number>>;
}

export function columnOf(values: readonly OracleValue[]): OracleStatistics {
  let [nulls, nans, infinities] = [0, 0, 0];
  const sorted: number[] = [];
  const counts: Record<string, number> = Object.create(null);
  for (const value of values) {
    if (value === null) nulls++;
    else if (Number.isNaN(value)) nans++;
    else if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) infinities++;
    else {
      const text = value === 0 ? '0' : String(value);
      counts[text] = (counts[text] ?? 0) + 1;
      if (typeof value === 'number' || typeof value === 'bigint') sorted.push(Number(value));
    }
  }
  sorted.sort((a, b) => a - b);
  let sum = 0;
  for (const value of sorted) sum += value / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - sum) ** 2 / (sorted.length - 1);
  return { nulls, nans, infinities, sorted, mean: sum, deviation: Math.sqrt(squares), counts };
}

/** The value of rank floor(quantile * (n - 1)), itself. */
export const exactQuantile = (sorted: readonly number[], quantile: number): number =>
  sorted[Math.floor(quantile * (sorted.length - 1))] ?? 0;
