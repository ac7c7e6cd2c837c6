import { describe, expect, it } from 'vitest';
import type { NamingLevel } from '#define/naming.ts';
import { batchViewOf, entityOf, manifestOf, sourceOf } from '#test/support/manifests.ts';
import { namingWarnings, planExitCode } from '../../../cli/commands/plan.ts';

const manifest = manifestOf({
  entities: [entityOf('user', [{ name: 'user_id', type: 'int64' }])],
  sources: [sourceOf('orders', [{ name: 'user_id', type: 'int64' }])],
  views: [
    batchViewOf(
      'stats',
      [{ name: 'orders_1h_count', type: 'int64', formula: { kind: 'count', windowMillis: 3_600_000 } }],
      { entity: 'user', source: 'orders', scheduleMillis: 3_600_000 },
    ),
  ],
});
const warningsAt = (naming: NamingLevel) =>
  namingWarnings({
    config: { project: 'demo', definitions: [], stages: {}, naming },
    repository: { manifest, transforms: {} },
    origins: { 'stats@1': 'stats.ts:7' },
  });

describe('naming in a plan', () => {
  it.each(['warn', 'error'] as const)('%s tells of names with the place of their view', (naming) => {
    expect(warningsAt(naming)).toEqual([
      {
        at: 'stats.ts:7',
        view: 'stats@1',
        feature: 'orders_1h_count',
        message: 'says its window 1h before the end; the window stands last',
        suggestion: 'orders_count_1h',
      },
    ]);
  });

  it('off tells of none', () => {
    expect(warningsAt('off')).toEqual([]);
  });
});

describe('the exit code of a plan', () => {
  const added = { change: 'added', view: 'stats@1' } as const;
  const changed = { change: 'changed', view: 'other@1' } as const;
  it.each([
    { of: 'nothing to deploy', changes: [], errors: [], exitCode: 0 },
    { of: 'changes', changes: [added], errors: [], exitCode: 3 },
    { of: 'a changed view', changes: [added, changed], errors: [], exitCode: 1 },
    { of: 'a name that is an error', changes: [], errors: warningsAt('error'), exitCode: 1 },
    { of: 'a name that is an error, with changes', changes: [added], errors: warningsAt('error'), exitCode: 1 },
  ])('for $of is $exitCode', ({ changes, errors, exitCode }) => {
    expect(planExitCode(changes, errors)).toBe(exitCode);
  });
});
