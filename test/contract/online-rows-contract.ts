import { expect, it } from 'vitest';
import type { OnlineRow, OnlineRows, ReadOutcome } from '#store/online-rows.ts';

const rowOf = (entityKey: string, order: string, packed = `packed ${order}`): OnlineRow => ({
  entityKey,
  viewId: 'driver_stats@1',
  order,
  packed,
});

const deadline = (): { deadlineMillis: number; consistent: true } => ({
  deadlineMillis: Date.now() + 20_000,
  consistent: true,
});

/** What every store of online rows does. `create` gives one that holds nothing. */
export function onlineRowsContract(create: () => Promise<OnlineRows>): void {
  const packedOf = async (rows: OnlineRows, entityKey: string): Promise<ReadOutcome | undefined> =>
    (await rows.read([{ entityKey, viewId: 'driver_stats@1' }], deadline()))[0];

  it('finds no row where none was written, and none for no address', async () => {
    const rows = await create();
    expect(await packedOf(rows, 'nobody')).toEqual({ kind: 'absent' });
    expect(await rows.read([], deadline())).toEqual([]);
    expect(await rows.writeNewer([])).toEqual({ written: 0, older: 0 });
  });

  it('keeps views of one entity and entities of one view apart', async () => {
    const rows = await create();
    const other = { ...rowOf('a', '1', 'other view'), viewId: 'driver_stats@2' };
    await rows.writeNewer([rowOf('a', '1', 'first'), rowOf('b', '1', 'second'), other]);
    const addresses = [other, rowOf('b', '1'), rowOf('a', '1'), rowOf('c', '1')];
    expect(await rows.read(addresses, deadline())).toEqual([
      { kind: 'found', packed: 'other view' },
      { kind: 'found', packed: 'second' },
      { kind: 'found', packed: 'first' },
      { kind: 'absent' },
    ]);
  });

  it('answers many addresses in their order, whether written or not', async () => {
    const rows = await create();
    const all = Array.from({ length: 250 }, (_, index) => rowOf(`driver ${index}`, '1', `row ${index}`));
    const written = all.filter((_, index) => index % 3 !== 0);
    expect(await rows.writeNewer(written)).toEqual({ written: written.length, older: 0 });
    const outcomes = await rows.read([...all].reverse(), deadline());
    expect(outcomes.toReversed()).toEqual(
      all.map(({ packed }, index) => (index % 3 === 0 ? { kind: 'absent' } : { kind: 'found', packed })),
    );
  });

  it('reads an entity as a whole as it does by its keys, what else lies there apart', async () => {
    const rows = await create();
    const stored = ['a@1', 'b@1', 'c@2'].map((viewId) => ({ ...rowOf('a', '1', viewId), viewId }));
    await rows.writeNewer([...stored, rowOf('a', '1', 'not asked for'), rowOf('b', '1')]);
    const addresses = [...stored.toReversed(), { entityKey: 'a', viewId: 'c@1' }];
    expect(await rows.read(addresses, { ...deadline(), isWholeEntity: true })).toEqual([
      { kind: 'found', packed: 'c@2' },
      { kind: 'found', packed: 'b@1' },
      { kind: 'found', packed: 'a@1' },
      { kind: 'absent' },
    ]);
    const ofTwo = [rowOf('a', ''), rowOf('b', '')];
    expect(await rows.read(ofTwo, { ...deadline(), isWholeEntity: true })).toEqual([
      { kind: 'found', packed: 'not asked for' },
      { kind: 'found', packed: 'packed 1' },
    ]);
  });

  it('replaces a smaller row and keeps a greater one', async () => {
    const rows = await create();
    expect(await rows.writeNewer([rowOf('a', '5')])).toEqual({ written: 1, older: 0 });
    expect(await rows.writeNewer([rowOf('a', '4')])).toEqual({ written: 0, older: 1 });
    expect(await packedOf(rows, 'a')).toEqual({ kind: 'found', packed: 'packed 5' });
    expect(await rows.writeNewer([rowOf('a', '6')])).toEqual({ written: 1, older: 0 });
    expect(await packedOf(rows, 'a')).toEqual({ kind: 'found', packed: 'packed 6' });
  });

  it('counts the same row written again as written, another one of equal order as older', async () => {
    const rows = await create();
    await rows.writeNewer([rowOf('a', '5', 'kept')]);
    expect(await rows.writeNewer([rowOf('a', '5', 'kept')])).toEqual({ written: 1, older: 0 });
    expect(await rows.writeNewer([rowOf('a', '5', 'other')])).toEqual({ written: 0, older: 1 });
    expect(await packedOf(rows, 'a')).toEqual({ kind: 'found', packed: 'kept' });
  });

  it('compares orders by UTF-8 bytes: a longer one with the same start, then code points, not UTF-16 units', async () => {
    const rows = await create();
    const ascending = ['', 'a', 'a\u0001', 'ab', 'b', 'é', '\uffff', '😀'];
    for (const order of ascending.slice(1))
      expect(await rows.writeNewer([rowOf('a', order)])).toEqual({ written: 1, older: 0 });
    for (const order of ascending.slice(1, -1))
      expect(await rows.writeNewer([rowOf('a', order)])).toEqual({ written: 0, older: 1 });
  });

  it('writes the greatest of several rows of one address, and counts each', async () => {
    const rows = await create();
    const block = [
      rowOf('a', '2'),
      rowOf('b', '1'),
      rowOf('a', '3'),
      rowOf('a', '1'),
      rowOf('a', '3'),
      rowOf('a', '3', 'x'),
    ];
    expect(await rows.writeNewer(block)).toEqual({ written: 3, older: 3 });
    expect(await packedOf(rows, 'a')).toEqual({ kind: 'found', packed: 'packed 3' });
    expect(await rows.writeNewer(block)).toEqual({ written: 3, older: 3 });
  });

  it('takes keys and texts of all characters', async () => {
    const rows = await create();
    const odd = ['\u0000', 'a\u0000b', '|', '1|driver|s4:😀|', 'é', 'e\u0301', '\ufeff', 'x'.repeat(1500)];
    const written = odd.map((entityKey) => rowOf(entityKey, `\u0001\u0002${entityKey}`, `["${entityKey}"]`));
    expect(await rows.writeNewer(written)).toEqual({ written: odd.length, older: 0 });
    expect(await rows.read(written, deadline())).toEqual(written.map(({ packed }) => ({ kind: 'found', packed })));
  });

  it('ends with the greatest row of every entity after 32 writers at once in random order, each row sent twice', async () => {
    const rows = await create();
    const entities = Array.from({ length: 12 }, (_, index) => `driver ${index}`);
    const versions = Array.from({ length: 16 }, (_, index) => String(index).padStart(4, '0'));
    const all = entities.flatMap((entity) => versions.map((version) => rowOf(entity, version)));
    const shuffled = [...all, ...all]
      .map((row, index) => ({ row, at: (index * 7919) % 389 }))
      .sort((a, b) => a.at - b.at);
    const writers = Array.from({ length: 32 }, (_, writer) => shuffled.filter((_row, index) => index % 32 === writer));
    const counts = await Promise.all(writers.map((part) => rows.writeNewer(part.map(({ row }) => row))));
    expect(counts.reduce((sum, { written, older }) => sum + written + older, 0)).toBe(all.length * 2);
    const outcomes = await rows.read(
      entities.map((entity) => rowOf(entity, '')),
      deadline(),
    );
    expect(outcomes).toEqual(entities.map(() => ({ kind: 'found', packed: 'packed 0015' })));
  });
}
