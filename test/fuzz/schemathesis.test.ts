import { expect, it } from 'vitest';
import { randomSettings } from '#test/support/seed.ts';
import { startFuzzApi } from './fuzz-api.ts';
import { runSchemathesis } from './schemathesis.ts';

const { seed, cases, again } = randomSettings(10);
/** Its Python is fetched at the first run. */
const withInstallMillis = 600_000;

it(
  'requests made of the OpenAPI document get answers that it describes, and none is a fault of ours',
  async () => {
    const faults: unknown[] = [];
    const api = await startFuzzApi((fault) => faults.push(fault));
    try {
      const { passed, output } = await runSchemathesis(api.url, { seed, bound: { requestsOfOperation: cases } });
      expect(passed, `${again}\n${output}`).toBe(true);
      expect(Number(/(\d+) generated/.exec(output)?.[1]), output).toBeGreaterThan(500); // an empty run is a failed one
      expect(output).toMatch(/Tested: +15/);
      expect(faults).toEqual([]);
    } finally {
      await api.stop();
    }
  },
  withInstallMillis,
);
