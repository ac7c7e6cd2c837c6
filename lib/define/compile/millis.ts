import { shown } from './problems.ts';

/** Durations are whole milliseconds, so that bounds are exact. */
export const isPositiveMillis = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

export const isMillis = (value: unknown): value is number => value === 0 || isPositiveMillis(value);

export const wrongMillis = (what: string, got: unknown, example: string): string =>
  `${what} must be a positive whole number of milliseconds, got ${shown(got)}; write it as ${example}`;

/** Greatest common divisor of positive integers. */
export const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
