import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { flightsFolder } from '#cli/quickstart/flights-data.ts';
import { targetFile } from '#cli/target.ts';
import { runCommand } from '#localstack/command.ts';
import { clientFolder, clientPython } from '../support/client-python.ts';
import { deployedFlights } from '../support/deployed-flights.ts';

let python: string;
let target: string;
let spine: string;

beforeAll(async () => {
  const flights = await deployedFlights();
  python = await clientPython();
  target = targetFile(flights.targetName);
  spine = join(flights.folder, 'spine.parquet');
});

describe('the Python client', () => {
  it('passes its tests against the deployed flights, none of them skipped', async () => {
    const { exitCode, output } = await runCommand(python, ['-m', 'pytest', '--tb=short', 'tests/test_deployed.py'], {
      cwd: clientFolder,
      env: { ...process.env, TIDEMARK_TEST_TARGET: target, TIDEMARK_TEST_SPINE: spine },
    });
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/\b5 passed in/);
  });
});

describe('the tutorial of the flights example', () => {
  it('trains a model with an AUC beyond 0.6 on newer flights and finds every value served as it was trained on', async () => {
    const words = [join(flightsFolder, 'tutorial.py'), '--target', target, '--spine', spine];
    const { exitCode, output } = await runCommand(python, words, {
      env: { ...process.env, PYTHONPATH: join(clientFolder, 'src') },
    });
    expect(exitCode, output).toBe(0);
    expect(Number(/AUC (0\.\d+)/.exec(output)?.[1]), output).toBeGreaterThan(0.6);
    expect(output).toContain('3000 of 3000 values are equal');
  });
});
