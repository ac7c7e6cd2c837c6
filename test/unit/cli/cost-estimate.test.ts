import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { costEstimate } from '#cli/commands/cost-estimate.ts';
import type { ServingCost } from '#engine/cost/serving-cost.ts';
import { runCli } from '#test/support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-cost-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the command says as JSON. */
async function estimated(options: Readonly<Record<string, string>>): Promise<unknown> {
  const said: unknown[] = [];
  const output = { isJson: true, data: (value: unknown) => said.push(value), talk: () => {} };
  await costEstimate.run({ positionals: [], options, output });
  return said[0];
}

describe('tidemark cost estimate', () => {
  it('takes the items of a service and the settings of a stage, at the prices of a file', async () => {
    const prices = join(folder, 'prices.json');
    writeFileSync(prices, JSON.stringify({ of: 'elsewhere', apiGatewayRequest: [{ upTo: null, usd: 0 }] }));
    const cost = await estimated({ rate: '2.5', service: 'delay_model', stage: 'prod', prices });
    expect(cost).toMatchObject({
      load: { requestsPerSecond: 2.5, entities: 1, features: expect.any(Number), readsWholeEntity: false },
      setup: { memoryMb: 1769, provisioned: 2, hasWebAcl: true },
      requestsPerMonth: 6_570_000,
      prices: { of: 'elsewhere', logsGb: 0.5 },
    });
    const { lines, usdPerMonth, readUnitsPerRequest } = cost as ServingCost; // as the command returns it
    expect(readUnitsPerRequest).toBeGreaterThan(1);
    expect(lines).toContainEqual({ of: 'API Gateway', unit: 'requests', quantity: 6_570_000, usd: 0 });
    expect(usdPerMonth).toBeCloseTo(
      lines.reduce((sum, { usd }) => sum + usd, 0),
      6,
    );
  });

  it('shows the bill of as many features as are said', async () => {
    const words = ['--rate', '100', '--features', '30', '--views', '3', '--entities', '2', '--millis', '8'];
    const { exitCode, stdout, stderr } = await runCli(['cost', 'estimate', ...words]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^DynamoDB reads +788,400,000 +read units +98\.55$/m);
    expect(stdout).toMatch(/^API Gateway +262,800,000 +requests +919\.80$/m);
    expect(stdout).toContain('a request: 2 x 30 features out of 6 items, 3 read units, 8 ms; 0.8 environments');
  });

  it.each([
    [{ features: '3' }, 'say how many requests a second there are, as in --rate 100'],
    [{ rate: '0', features: '3' }, '--rate must be a positive number of at most 9999999, got "0"'],
    [{ rate: '1' }, 'say what is asked for by --service or by --features, and not by both'],
    [{ rate: '1', service: 'a', features: '1' }, 'say what is asked for by --service or by --features'],
    [{ rate: '1', features: '2', views: '3' }, '--views must not be more than --features, got 3 views of 2'],
    [{ rate: '1', features: '201' }, '--features must be 1 to 200, got 201'],
    [{ rate: '1', features: '2', entities: '101' }, '--entities must be 1 to 100, got 101'],
    [{ rate: '1', features: '2', stage: 'none' }, 'unknown stage "none"; there are dev,'],
    [{ rate: '1', features: '2', prices: 'nowhere.json' }, '--prices must be a JSON file of any of'],
  ])('refuses %j with a sentence', async (options: Readonly<Record<string, string>>, message) => {
    await expect(estimated(options)).rejects.toMatchObject({
      code: 'cli.badArguments',
      message: expect.stringContaining(message),
    });
  });
});
