import { expect, it } from 'vitest';
import { verify } from '#cli/commands/verify.ts';
import { createOutput } from '#cli/report/output.ts';

const run = (options: Record<string, string | boolean>) =>
  verify.run({ positionals: [], options, output: createOutput(true) });
const [earlier, later] = ['2026-11-21T10:00:00Z', '2026-11-21T11:00:00Z'];

it.each([
  ['instants without the log', { from: earlier }, 'cli.badArguments', /--from and --to are for --from-log/],
  ['an end without the log', { to: later }, 'cli.badArguments', /--from and --to are for --from-log/],
  ['a range that ends before it begins', { 'from-log': true, from: later, to: earlier }, 'cli.badArguments', /before/],
  ['an empty range', { 'from-log': true, from: later, to: later }, 'cli.badArguments', /--from must be before --to/],
  [
    'an instant without an offset',
    { 'from-log': true, from: '2026-11-21T10:00' },
    'semantics.invalidInstant',
    /offset/,
  ],
  [
    'rows that are no number',
    { 'from-log': true, limit: 'all', from: earlier, to: later },
    'cli.badArguments',
    /--limit/,
  ],
] as const)('verify refuses %s before it looks at any deployment', async (...[, options, code, message]) => {
  await expect(run(options)).rejects.toMatchObject({ code, kind: 'invalid', message: expect.stringMatching(message) });
});
