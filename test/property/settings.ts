import type { Parameters, RunDetails } from 'fast-check';
import { defaultReportMessage } from 'fast-check';
import { randomSettings } from '#test/support/seed.ts';

/**
 * Parameters of fc.assert: seed and number of cases from TIDEMARK_SEED and TIDEMARK_CASES, else a fixed seed and the property's own
 * number. A failure says how to run exactly the same cases again.
 */
export function propertySettings<Ts>(defaultCases: number): Parameters<Ts> {
  const { seed, cases, again } = randomSettings(defaultCases);
  return {
    seed,
    numRuns: cases,
    reporter: (details: RunDetails<Ts>) => {
      if (!details.failed) return;
      const cause = details.errorInstance instanceof Error ? details.errorInstance.message : '';
      throw new Error(`${defaultReportMessage(details)}\n${cause}\nrun again with ${again}`, {
        cause: details.errorInstance,
      });
    },
  };
}
