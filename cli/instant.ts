import { parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';

/** An instant of the command line: ISO 8601 with an offset or Z, or epoch milliseconds. */
export const instantOption = (text: string): number => (/^-?\d+$/.test(text) ? Number(text) : parseInstant(text));

const unitMillis = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time such as 90s, 15m, 2h or 1d, in milliseconds. Throws cli.badDuration. */
export function durationOption(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match)
    throw new TidemarkError(
      'cli.badDuration',
      `bad duration ${JSON.stringify(text)}; write a number and ms, s, m, h or d, as in 2h`,
    );
  return Math.round(Number(match[1]) * unitMillis[match[2] as keyof typeof unitMillis]); // the pattern allows only these
}
