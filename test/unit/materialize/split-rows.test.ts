import { expect, it } from 'vitest';
import { itemsOf, maximumItems, rowsPerItem } from '#engine/materialize/split-rows.ts';

it('cuts a large file and packs small ones, every row in exactly one item', () => {
  const files = [
    { key: 'large', rows: rowsPerItem * 2 + 10 },
    { key: 'empty', rows: 0 },
    { key: 'small', rows: 5 },
    { key: 'smaller', rows: 1 },
  ];
  const items = itemsOf(files);
  expect(items.map(({ number, rows }) => [number, rows])).toEqual([
    [0, rowsPerItem],
    [1, rowsPerItem],
    [2, 16],
  ]);
  expect(items[1]?.slices).toEqual([{ key: 'large', rowStart: rowsPerItem, rowEnd: 2 * rowsPerItem }]);
  expect(items[2]?.slices).toEqual([
    { key: 'large', rowStart: 2 * rowsPerItem, rowEnd: 2 * rowsPerItem + 10 },
    { key: 'small', rowStart: 0, rowEnd: 5 },
    { key: 'smaller', rowStart: 0, rowEnd: 1 },
  ]);
});

it('makes larger items rather than more than the map takes', () => {
  const rows = rowsPerItem * maximumItems * 3;
  const items = itemsOf(Array.from({ length: 1000 }, (_, index) => ({ key: `f${index}`, rows: rows / 1000 })));
  expect(items.length).toBeLessThanOrEqual(maximumItems);
  const total = items.flatMap(({ slices }) => slices).reduce((sum, { rowStart, rowEnd }) => sum + rowEnd - rowStart, 0);
  expect(total).toBe(rows);
});

it('has no item for no row', () => {
  expect(itemsOf([{ key: 'empty', rows: 0 }])).toEqual([]);
});
