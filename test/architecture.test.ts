import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { describe, expect, it } from 'vitest';
import { architectureRules } from './architecture-rules.ts';

const rooms = ['bin', 'lib', 'lambdas', 'cli', 'clients/typescript', 'localstack', 'examples', 'test/oracle'];

async function cruised(): Promise<ICruiseResult> {
  const { output } = await cruise(
    rooms,
    { ...architectureRules.options, validate: true, ruleSet: architectureRules as IFlattenedRuleSet }, // plain data, checked by cruise itself
    undefined,
    { tsConfig: extractTSConfig('tsconfig.json') },
  );
  return output as ICruiseResult; // no reporter was asked for, so it is the result itself
}

describe('architecture', () => {
  it('rooms import only what they may', async () => {
    const { summary } = await cruised();
    expect(summary.totalCruised).toBeGreaterThan(150); // an empty pass is a fail
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  });
});
