import { beforeEach, describe, expect, it } from 'vitest';
import { BoundedRows } from '#store/bounded-rows.ts';
import { KeptRows, type KeptRowsOptions } from '#store/kept-rows.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import type { KeptRule, ReadOptions, ReadOutcome, RowAddress } from '#store/online-rows.ts';
import { onlineRowsContract } from '#test/contract/online-rows-contract.ts';

describe('rows kept in memory, of a store with a bound', () =>
  onlineRowsContract(async () => new KeptRows(new BoundedRows(new MemoryOnlineRows(), 8))));

let nowMillis = 0;
const cached: KeptRule = { foundMillis: 5000, absentMillis: 1000, lastKnownMillis: 0 };
const lastKnown: KeptRule = { foundMillis: 0, absentMillis: 0, lastKnownMillis: 60_000 };
const addressOf = (entityKey: string): RowAddress => ({ entityKey, viewId: 'stats@1' });
const found = (packed: string): ReadOutcome => ({ kind: 'found', packed });

/** A store whose reads end when the test says so, and fail when it says so. */
class HeldRows extends MemoryOnlineRows {
  readonly asked: string[][] = [];
  isDown = false;
  gate: Promise<void> = Promise.resolve();

  hold(): () => void {
    let release: (() => void) | undefined;
    this.gate = new Promise((resolve) => {
      release = resolve;
    });
    return () => release?.();
  }

  override async read(addresses: readonly RowAddress[], options: ReadOptions): Promise<readonly ReadOutcome[]> {
    const { gate } = this;
    this.asked.push(addresses.map(({ entityKey }) => entityKey));
    const outcomes = this.isDown
      ? addresses.map((): ReadOutcome => ({ kind: 'failed', reason: 'down' }))
      : await super.read(addresses, options);
    await gate;
    return outcomes;
  }
}

let store: HeldRows;
beforeEach(() => {
  nowMillis = 1000;
  store = new HeldRows();
});
const write = (entityKey: string, packed: string) =>
  store.writeNewer([{ ...addressOf(entityKey), order: packed.padStart(9, '0'), packed }]);
const keptRows = (options: KeptRowsOptions = {}) => new KeptRows(store, { clock: () => nowMillis, ...options });
const read = (rows: KeptRows, keys: readonly string[], options: Partial<ReadOptions> = {}) =>
  rows.read(keys.map(addressOf), { deadlineMillis: nowMillis + 3000, kept: cached, ...options });

describe('a cache', () => {
  it('serves a row until it is as old as the rule allows, and not a millisecond longer', async () => {
    const rows = keptRows();
    await write('a', '1');
    expect(await read(rows, ['a'])).toEqual([found('1')]);
    await write('a', '2');
    nowMillis += 5000;
    expect(await read(rows, ['a'])).toEqual([{ ...found('1'), from: 'cache' }]);
    nowMillis += 1;
    expect(await read(rows, ['a'])).toEqual([found('2')]);
  });

  it('counts the age of a row from when its read began', async () => {
    const rows = keptRows();
    await write('a', '1');
    const release = store.hold();
    const reading = read(rows, ['a']);
    nowMillis += 3000;
    release();
    await reading;
    await write('a', '2');
    nowMillis += 2001;
    expect(await read(rows, ['a'])).toEqual([found('2')]);
  });

  it('keeps that there is no row for a time of its own', async () => {
    const rows = keptRows();
    expect(await read(rows, ['a'])).toEqual([{ kind: 'absent' }]);
    await write('a', '1');
    nowMillis += 1000;
    expect(await read(rows, ['a'])).toEqual([{ kind: 'absent', from: 'cache' }]);
    nowMillis += 1;
    expect(await read(rows, ['a'])).toEqual([found('1')]);
  });

  it('asks the store only for what it does not have', async () => {
    const rows = keptRows();
    await write('b', '1');
    await read(rows, ['b']);
    expect(await read(rows, ['a', 'b', 'c'])).toEqual([
      { kind: 'absent' },
      { ...found('1'), from: 'cache' },
      { kind: 'absent' },
    ]);
    expect(store.asked).toEqual([['b'], ['a', 'c']]);
  });

  it('is passed by where a read is to be consistent, and has what that read found', async () => {
    const rows = keptRows();
    await write('a', '1');
    await read(rows, ['a']);
    await write('a', '2');
    expect(await read(rows, ['a'], { consistent: true })).toEqual([found('2')]);
    expect(await read(rows, ['a'])).toEqual([{ ...found('2'), from: 'cache' }]);
  });

  it('is not there for reads without a rule', async () => {
    const rows = keptRows();
    await write('a', '1');
    await read(rows, ['a']);
    await write('a', '2');
    expect(await read(rows, ['a'], { kept: undefined })).toEqual([found('2')]);
  });

  it('never keeps what could not be read', async () => {
    const rows = keptRows();
    store.isDown = true;
    expect(await read(rows, ['a'])).toEqual([{ kind: 'failed', reason: 'down' }]);
    store.isDown = false;
    expect(await read(rows, ['a'])).toEqual([{ kind: 'absent' }]);
  });

  it.each([
    ['entries', { entries: 2 }],
    ['characters', { characters: 'stats@1 a'.length * 2 + 2 }],
  ])('drops what was not used for longest beyond its limit of %s', async (_, limits) => {
    const rows = keptRows(limits);
    for (const key of ['a', 'b']) await write(key, '1');
    await read(rows, ['a']);
    await read(rows, ['b']);
    await read(rows, ['a']);
    await write('c', '1');
    await read(rows, ['c']);
    store.asked.length = 0;
    await read(rows, ['a']);
    await read(rows, ['b']);
    expect(store.asked).toEqual([['b']]);
  });
});

describe('equal reads at once', () => {
  it('are one read of the store', async () => {
    const rows = keptRows();
    await write('a', '1');
    const release = store.hold();
    const both = Promise.all([read(rows, ['a', 'b']), read(rows, ['b', 'a'])]);
    release();
    expect(await both).toEqual([
      [found('1'), { kind: 'absent' }],
      [
        { kind: 'absent', from: 'cache' },
        { ...found('1'), from: 'cache' },
      ],
    ]);
    expect(store.asked).toEqual([['a', 'b']]);
  });

  it('are read apart where one began longer ago than the rule allows', async () => {
    const rows = keptRows();
    const release = store.hold();
    const first = read(rows, ['a']);
    nowMillis += 5001;
    const second = read(rows, ['a']);
    release();
    await Promise.all([first, second]);
    expect(store.asked).toEqual([['a'], ['a']]);
  });

  it('do not wait for a read of a later deadline, and read on after one of an earlier deadline', async () => {
    const rows = keptRows();
    store.isDown = true;
    const release = store.hold();
    const short = read(rows, ['a'], { deadlineMillis: nowMillis + 10 });
    const long = read(rows, ['a'], { deadlineMillis: nowMillis + 1000 });
    expect(store.asked).toHaveLength(1);
    const shortest = read(rows, ['a'], { deadlineMillis: nowMillis + 5 });
    expect(store.asked).toHaveLength(2);
    store.isDown = false;
    await write('a', '1');
    release();
    expect(await short).toEqual([{ kind: 'failed', reason: 'down' }]);
    expect(await shortest).toEqual([{ kind: 'failed', reason: 'down' }]);
    expect(await long).toEqual([found('1')]);
  });
});

describe('what was last known', () => {
  it('stands for what cannot be read until it is as old as the rule allows; what can be read is read', async () => {
    const rows = keptRows();
    await write('a', '1');
    expect(await read(rows, ['a', 'b'], { kept: lastKnown })).toEqual([found('1'), { kind: 'absent' }]);
    await write('a', '2');
    expect(await read(rows, ['a'], { kept: lastKnown })).toEqual([found('2')]);
    store.isDown = true;
    nowMillis += 60_000;
    expect(await read(rows, ['a', 'b', 'c'], { kept: lastKnown })).toEqual([
      { ...found('2'), from: 'lastKnown' },
      { kind: 'absent', from: 'lastKnown' },
      { kind: 'failed', reason: 'down' },
    ]);
    nowMillis += 1;
    expect(await read(rows, ['a'], { kept: lastKnown })).toEqual([{ kind: 'failed', reason: 'down' }]);
  });

  it('is the later of two reads, whichever ended first', async () => {
    const rows = keptRows();
    await write('a', '1');
    const release = store.hold();
    const slow = read(rows, ['a'], { kept: lastKnown });
    store.gate = Promise.resolve();
    nowMillis += 10;
    await write('a', '2');
    await read(rows, ['a'], { kept: lastKnown });
    release();
    await slow;
    store.isDown = true;
    expect(await read(rows, ['a'], { kept: lastKnown })).toEqual([{ ...found('2'), from: 'lastKnown' }]);
  });
});

it('reads beyond the bound fail at once, and are taken again when others have ended', async () => {
  const rows = new BoundedRows(store, 2);
  const options = { deadlineMillis: nowMillis + 3000 };
  const release = store.hold();
  const underWay = [rows.read([addressOf('a')], options), rows.read([addressOf('b')], options)];
  expect(await rows.read([addressOf('c'), addressOf('d')], options)).toEqual([
    { kind: 'failed', reason: '2 reads are under way' },
    { kind: 'failed', reason: '2 reads are under way' },
  ]);
  release();
  await Promise.all(underWay);
  expect(await rows.read([addressOf('c')], options)).toEqual([{ kind: 'absent' }]);
});
