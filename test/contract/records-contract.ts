import { expect, it } from 'vitest';
import type { Records } from '#store/records.ts';

/** What every store of records does. */
export function recordsContract(create: () => Promise<Records>): void {
  const body = { state: 'SUCCEEDED', rows: 12, parts: [1, 2.5, null, 'é😀'], nested: { empty: '', big: 9e15 } };

  it('finds nothing where nothing was put', async () => {
    const records = await create();
    expect(await records.get('run#stats', '1')).toBeUndefined();
    expect(await records.list('run#stats', 10)).toEqual([]);
  });

  it('gives back a record, the last one put', async () => {
    const records = await create();
    await records.put({ group: 'run#stats', sort: '1', body: { state: 'RUNNING' } });
    await records.put({ group: 'run#stats', sort: '1', body });
    expect(await records.get('run#stats', '1')).toEqual({ group: 'run#stats', sort: '1', body });
    expect(await records.list('run#stats', 10)).toHaveLength(1);
  });

  it('lists a group with the greatest sort first, and no more than asked for', async () => {
    const records = await create();
    const sorts = Array.from({ length: 30 }, (_, index) => String(index).padStart(6, '0'));
    for (const sort of [...sorts.slice(11), ...sorts.slice(0, 11)])
      await records.put({ group: 'a', sort, body: { sort } });
    await records.put({ group: 'b', sort: '999999', body });
    const list = async (limit: number): Promise<string[]> => (await records.list('a', limit)).map(({ sort }) => sort);
    expect(await list(3)).toEqual(['000029', '000028', '000027']);
    expect(await list(0)).toEqual([]);
    expect(await list(100)).toEqual([...sorts].reverse());
    expect((await records.list('a', 1))[0]).toEqual({ group: 'a', sort: '000029', body: { sort: '000029' } });
  });

  it('lists records that together exceed a page of a megabyte', async () => {
    const records = await create();
    const large = 'x'.repeat(200_000);
    for (let index = 0; index < 8; index++) await records.put({ group: 'a', sort: String(index), body: { large } });
    expect((await records.list('a', 7)).map(({ sort }) => sort)).toEqual(['7', '6', '5', '4', '3', '2', '1']);
  });
}
