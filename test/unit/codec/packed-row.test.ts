import { expect, it } from 'vitest';
import { maxPackedBytes, packedRowReader, packRow } from '#codec/packed-row.ts';

const layout = {
  name: 'stats',
  version: 2,
  layout: '0a0b0c0d',
  features: [{ type: 'int64' }, { type: 'float64' }] as const,
};
const row = { eventTimeMillis: 5, deleted: false, marks: null, values: [1n, 2.5] };

it('tells a row of an unknown layout from a row that cannot be read', () => {
  const read = packedRowReader([layout]);
  expect(read(packRow({ ...layout, layout: 'ffffffff' }, row))).toEqual({ kind: 'unknownLayout', layout: 'ffffffff' });
  expect(read('')).toEqual({ kind: 'unknownLayout', layout: '' });
  for (const broken of ['0a0b0c0d', '0a0b0c0d{', '0a0b0c0d{}', '0a0b0c0d[5,0,null,"1"]', '0a0b0c0d[5,0,null,"x",1]'])
    expect(() => read(broken), broken).toThrow(
      expect.objectContaining({ code: 'codec.unreadableRow', kind: 'failed' }),
    );
});

it('reads rows of several layouts', () => {
  const old = { ...layout, version: 1, layout: '11111111', features: [{ type: 'float64' }] as const };
  const read = packedRowReader([layout, old]);
  expect(read(packRow(layout, row))).toEqual({ kind: 'row', row });
  expect(read(packRow(old, { ...row, values: [1] }))).toEqual({ kind: 'row', row: { ...row, values: [1] } });
});

it('keeps a tombstone without its values', () => {
  const packed = packRow(layout, { ...row, deleted: true, marks: '..' });
  expect(packed).toBe('0a0b0c0d[5,1,null]');
  expect(packedRowReader([layout])(packed)).toEqual({
    kind: 'row',
    row: { eventTimeMillis: 5, deleted: true, marks: null, values: [null, null] },
  });
});

it('takes a row of exactly 300,000 bytes and refuses one more, with the name of the view', () => {
  const texts = { ...layout, features: [{ type: 'string' }] as const };
  const overhead = packRow(texts, { ...row, values: [''] }).length;
  expect(packRow(texts, { ...row, values: ['x'.repeat(maxPackedBytes - overhead)] })).toHaveLength(300_000);
  const tooLong = { ...row, values: ['x'.repeat(maxPackedBytes - overhead + 1)] };
  expect(() => packRow(texts, tooLong)).toThrow('a row of view stats@2 takes 300001 bytes; allowed are 300000');
  expect(() => packRow(texts, { ...row, values: ['é'.repeat(150_000)] })).toThrow('stats@2');
});
