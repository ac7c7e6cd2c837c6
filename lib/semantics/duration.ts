import { TidemarkError } from '#spec/errors.ts';

const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a length of time such as 90s, 15m, 2h or 1.5d. Throws semantics.invalidDuration. */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const millis = unitMillis[unit];
  if (millis === undefined)
    throw new TidemarkError(
      'semantics.invalidDuration',
      `invalid duration ${JSON.stringify(text.slice(0, 60))}; write a number and ms, s, m, h or d, as in 2h`,
    );
  return Math.round(Number(digits) * millis);
}
