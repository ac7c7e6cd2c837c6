import { expect, it } from 'vitest';
import { reconcile } from '#engine/materialize/reconcile.ts';
import { runCostEstimate } from '#engine/materialize/run-cost.ts';

const item = (number: number, counts: Partial<Record<'read' | 'written' | 'older' | 'failed', number>>) => ({
  number,
  read: 10,
  written: 6,
  older: 4,
  failed: 0,
  writeUnits: 12,
  ...counts,
});
const selected = { rows: 20, items: 2 };

it('adds up the items when each selected row was written or older', () => {
  expect(reconcile('v@1', selected, [item(0, {}), item(1, {})])).toEqual({
    read: 20,
    written: 12,
    older: 8,
    failed: 0,
    writeUnits: 24,
  });
});

it.each([
  ['an item has no result', [item(0, { read: 20, written: 20, older: 0 })]],
  ['fewer rows were read', [item(0, {}), item(1, { read: 9, written: 5 })]],
  ['a row read was neither written nor older', [item(0, {}), item(1, { written: 5 })]],
  ['rows were read twice', [item(0, {}), item(1, { read: 11, written: 7 })]],
])('fails when %s', (_, results) => {
  expect(() => reconcile('v@1', selected, results)).toThrow(/^20 rows of v@1 were selected .*; run again$/);
});

it('fails with the reason of the first row that the online store cannot hold', () => {
  const failed = { ...item(1, { failed: 1, written: 5 }), firstFailure: 'a row of view v@1 takes 500000 bytes' };
  expect(() => reconcile('v@1', selected, [item(0, {}), failed])).toThrow(
    '1 of 20 rows of v@1 could not be stored online; the first: a row of view v@1 takes 500000 bytes',
  );
});

it('estimates cost from bytes, at least 10 MB a statement, and write units', () => {
  expect(runCostEstimate({ bytesScanned: [2 ** 40], writeUnits: 2_000_000 })).toBeCloseTo(5 + 1.25, 10);
  expect(runCostEstimate({ bytesScanned: [0, 1], writeUnits: 0 })).toBeCloseTo((5 * 20) / 2 ** 20, 12);
});
