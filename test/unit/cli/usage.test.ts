import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { usage } from '#cli/commands/usage.ts';
import { createOutput } from '#cli/report/output.ts';

// F53
const folder = mkdtempSync(join(tmpdir(), 'tidemark-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (options: Record<string, string>) => usage.run({ positionals: [], options, output: createOutput(true) });

it.each([
  ['two lengths of time', { last: '7d', unused: '30d' }, 'cli.badArguments', /--last and --unused/],
  ['no time at all', { unused: '0d' }, 'cli.badArguments', /--unused must be more than nothing/],
  ['more time than any log has', { last: '3654d' }, 'cli.badArguments', /--last must be .* at most 3653d, got "3654d"/],
  ['a length of no known unit', { unused: '30 days' }, 'semantics.invalidDuration', /30 days/],
] as const)('usage refuses %s before it looks at any deployment', async (...[, options, code, message]) => {
  await expect(run(options)).rejects.toMatchObject({ code, kind: 'invalid', message: expect.stringMatching(message) });
});

it('usage of a stage without a serving log says how to declare one', async () => {
  const target = join(folder, 'prod.json');
  const members = ['apiUrl', 'apiToken', 'bucket', 'workgroup', 'database', 'table', 'jobsTable'];
  const machines = { materializeStateMachine: '', trainingSetStateMachine: '' };
  const texts = Object.fromEntries(members.map((name) => [name, '']));
  const rest = { region: 'us-east-1', streams: {}, repository: 'examples/ride-sharing', stage: 'prod' };
  writeFileSync(target, JSON.stringify({ ...texts, ...machines, ...rest }));
  await expect(run({ target })).rejects.toMatchObject({
    code: 'cli.noServingLog',
    kind: 'notFound', // exit code 6
    message: expect.stringMatching(/^stage prod declares no servingLog.*add servingLog: \{ sample: 0.01 \}.*deploy$/),
  });
});
