import { beforeEach, describe, expect, it } from 'vitest';
import type { Served } from '#engine/serve/serve-features.ts';
import {
  allFeatures,
  closedOf,
  headOf,
  hour,
  LaggingRows,
  live,
  minute,
  newestOf,
  newestRow,
  now,
  packed,
  ride,
  serve,
} from './stream-world.ts';

let rows: LaggingRows;
beforeEach(() => {
  rows = new LaggingRows();
});

const valuesOf = ({ rows: [row] }: Served) => row?.values;
const statusesOf = ({ rows: [row] }: Served) => row?.status;
const all = (status: string) => allFeatures.map(() => status);
const twoRides = [ride(5 * minute, 10), ride(2 * hour, 30)];
/** Of twoRides, when the tests ask. */
const values = [1n, 10, 20, 30, 0.5];

describe('windows of a stream', () => {
  it('are finished at the instant of the request', async () => {
    rows.put(headOf(1), packed(twoRides));
    const served = await serve(rows);
    expect(valuesOf(served)).toEqual(values);
    expect(statusesOf(served)).toEqual(all('PRESENT'));
    expect(served.partial).toBe(false);
    const later = await serve(rows, { asOfMillis: now + hour });
    expect(valuesOf(later)).toEqual([0n, 0, 20, 30, 0]);
    expect(statusesOf(later)).toEqual(['DEFAULT', 'DEFAULT', 'PRESENT', 'PRESENT', 'PRESENT']);
  });

  it('are empty for an entity of which nothing has come', async () => {
    const served = await serve(rows);
    expect(valuesOf(served)).toEqual([0n, 0, -1, null, null]);
    expect(statusesOf(served)).toEqual(all('DEFAULT'));
    expect(served.partial).toBe(false);
  });

  it('cost one read of the store, of two items per entity, together with rows of other views', async () => {
    await serve(rows, { features: ['newest:fare', 'live:rides_1h'], ids: [1, 2, 1] });
    expect(rows.asked).toEqual([
      { addresses: ['newest@1', 'newest@1', 'live@1', 'live@1/closed', 'live@1', 'live@1/closed'], isStrong: false },
    ]);
  });

  it('have no event time of a stored row', async () => {
    rows.put(headOf(1), packed(twoRides)).put(newestOf(1), newestRow(10));
    const served = await serve(rows, { features: ['newest:fare', 'live:rides_1h'] });
    expect(served.rows[0]?.eventTimes).toEqual([now, null]);
  });

  it('give any of their features in any order', async () => {
    rows.put(headOf(1), packed(twoRides));
    const served = await serve(rows, { features: ['live:max_24h', 'live:rides_1h'] });
    expect(valuesOf(served)).toEqual([30, 1n]);
    expect(valuesOf(await serve(rows, { features: ['live:recent_share'] }))).toEqual([0.5]);
  });

  it('say ERROR of a result that cannot be represented, and null', async () => {
    rows.put(headOf(1), packed([ride(minute, 1e300), ride(2 * hour, 30)]));
    const served = await serve(rows);
    expect(valuesOf(served)).toEqual([1n, null, null, 1e300, 0.5]);
    expect(statusesOf(served)).toEqual(['PRESENT', 'ERROR', 'ERROR', 'PRESENT', 'PRESENT']);
  });
});

describe('a state that has handed over', () => {
  const closedUntilMillis = now + 22 * hour;
  const [recent, older] = [[ride(5 * minute, 10)], [ride(2 * hour, 30)]];
  const head = (handOvers: number) => packed(recent, { handOvers, closedUntilMillis });
  const closed = (handOvers: number) => packed(older, { handOvers });

  it('is the sum of its two items', async () => {
    rows.put(headOf(1), head(3)).put(closedOf(1), closed(3));
    expect(valuesOf(await serve(rows))).toEqual(values);
    expect(rows.asked).toHaveLength(1);
  });

  it.each([
    [
      'the second item lags',
      () => rows.put(headOf(1), head(3)).put(closedOf(1), closed(3), packed([], { handOvers: 2 })),
    ],
    [
      'the first item lags',
      () =>
        rows.put(headOf(1), head(3), packed(twoRides, { handOvers: 2, closedUntilMillis })).put(closedOf(1), closed(3)),
    ],
    ['the second item is not to be seen yet', () => rows.put(headOf(1), head(1)).put(closedOf(1), closed(1), null)],
    ['the first item is not to be seen yet', () => rows.put(headOf(1), head(1), null).put(closedOf(1), closed(1))],
  ])('is read again, strongly, and it alone, when %s', async (_, write) => {
    write();
    rows.put(headOf(2), packed(twoRides));
    const served = await serve(rows, { ids: [2, 1] });
    expect(served.rows.map((row) => row.values)).toEqual([values, values]);
    expect(served).toMatchObject({ partial: false, counts: { torn: 1 } });
    expect(rows.asked.slice(1)).toEqual([{ addresses: ['live@1', 'live@1/closed'], isStrong: true }]);
  });

  it('is read again until a transaction is done everywhere', async () => {
    rows.put(headOf(1), head(3)).put(closedOf(1), closed(3), packed([], { handOvers: 2 }));
    rows.lastsForReads = 3;
    expect(valuesOf(await serve(rows))).toEqual(values);
    expect(rows.asked).toHaveLength(5);
  });

  it('is ERROR when its items do not come together before the deadline, and the answer partial', async () => {
    rows.put(headOf(1), head(3)).put(closedOf(1), closed(2)).put(headOf(2), packed(twoRides));
    const served = await serve(rows, { ids: [1, 2], deadlineMillis: now + 60 });
    expect(served.partial).toBe(true);
    expect(served.rows.map((row) => row.status)).toEqual([all('ERROR'), all('PRESENT')]);
    expect(served.rows[0]?.values).toEqual(allFeatures.map(() => null));
  });

  it('is ERROR and the answer partial where its second item could not be read', async () => {
    rows.put(headOf(1), head(3)).put(closedOf(1), closed(3)).fail(closedOf(1)).put(headOf(2), packed(twoRides));
    const served = await serve(rows, { ids: [1, 2] });
    expect(served.rows.map((row) => row.status)).toEqual([all('ERROR'), all('PRESENT')]);
    expect(served).toMatchObject({ partial: true, counts: { torn: 0, unknownLayouts: 0 } });
  });

  it('is its first item alone once no window reaches back to the second, whatever has become of that', async () => {
    const text = packed(twoRides, { handOvers: 3, closedUntilMillis: now });
    const second = [(other: LaggingRows) => other, (other: LaggingRows) => other.put(closedOf(1), closed(1))];
    second.push(
      (other) => other.put(closedOf(1), 'garbage'),
      (other) => other.fail(closedOf(1)),
    );
    for (const put of second) {
      const served = await serve(put(new LaggingRows().put(headOf(1), text)));
      expect(valuesOf(served)).toEqual(values);
      expect(served.partial).toBe(false);
    }
  });

  it('needs its second item until the very instant that the first one names', async () => {
    rows.put(headOf(1), packed(recent, { handOvers: 1, closedUntilMillis: now + 1 })).put(closedOf(1), closed(1));
    expect(valuesOf(await serve(rows))).toEqual(values);
    expect(valuesOf(await serve(rows, { asOfMillis: now + 1 }))).toEqual([1n, 10, 10, 10, 1]);
  });

  it('is empty where the store has dropped its first item for its age before the second', async () => {
    rows.put(closedOf(1), closed(1));
    expect(statusesOf(await serve(rows))).toEqual(all('DEFAULT'));
  });
});

describe('states that are not known', () => {
  it('are ERROR and the answer partial where one could not be read', async () => {
    rows.put(headOf(1), packed(twoRides)).put(headOf(2), packed(twoRides)).fail(headOf(2));
    const served = await serve(rows, { ids: [1, 2] });
    expect(served.rows.map((row) => row.status)).toEqual([all('PRESENT'), all('ERROR')]);
    expect(served.partial).toBe(true);
  });

  it('make the answer fail where none could be read', async () => {
    rows.fail(headOf(1));
    await expect(serve(rows)).rejects.toMatchObject({ code: 'serve.storeUnavailable', kind: 'unavailable' });
  });

  it('are ERROR and counted where they have another layout or cannot be read as a state', async () => {
    rows.put(headOf(1), packed(twoRides, {}, { ...live, layout: '99999999' })).put(headOf(2), `${live.layout}[`);
    const served = await serve(rows, { ids: [1, 2, 3] });
    expect(served.rows.map((row) => row.status)).toEqual([all('ERROR'), all('ERROR'), all('DEFAULT')]);
    expect(served.counts.unknownLayouts).toBe(2);
    expect(served.partial).toBe(false);
  });

  it('are ERROR in the windows that reach back to events which were given up, and only there', async () => {
    rows.put(headOf(1), packed([ride(minute, 10)], { lostUntilMillis: now - 2 * hour }));
    const served = await serve(rows);
    expect(valuesOf(served)).toEqual([1n, 10, null, null, null]);
    expect(statusesOf(served)).toEqual(['PRESENT', 'PRESENT', 'ERROR', 'ERROR', 'ERROR']);
    expect(served.partial).toBe(false);
    const later = await serve(rows, { asOfMillis: now + 22 * hour + 15 * minute });
    expect(statusesOf(later)).toEqual(['DEFAULT', 'DEFAULT', 'PRESENT', 'PRESENT', 'PRESENT']);
  });
});

describe('on-demand features of windows', () => {
  const features = ['level:text'];

  it('see their values, and defaults where they are empty', async () => {
    rows.put(newestOf(1), newestRow(7)).put(newestOf(2), newestRow(7)).put(headOf(1), packed(twoRides));
    const served = await serve(rows, { features, ids: [1, 2] });
    expect(served.rows.map((row) => row.values)).toEqual([['1 20 7'], ['0 -1 7']]);
    expect(served.rows.map((row) => row.status)).toEqual([['PRESENT'], ['PRESENT']]);
  });

  it('are ERROR where the state could not be read, not be understood, or has lost what they look back to', async () => {
    rows.put(headOf(1), packed(twoRides)).fail(headOf(1));
    rows.put(headOf(2), 'garbage');
    rows.put(headOf(3), packed(twoRides, { lostUntilMillis: now - hour }));
    rows.put(headOf(4), packed(twoRides, { lostUntilMillis: now - 48 * hour }));
    const served = await serve(rows, { features, ids: [1, 2, 3, 4] });
    expect(served.rows.map((row) => row.status)).toEqual([['ERROR'], ['ERROR'], ['ERROR'], ['PRESENT']]);
  });
});

describe('strong consistency', () => {
  it('sees a write that eventual reads do not see yet', async () => {
    rows.put(headOf(1), packed(twoRides), packed([ride(2 * hour, 30)]));
    expect(valuesOf(await serve(rows))).toEqual([0n, 0, 30, 30, 0]);
    expect(valuesOf(await serve(rows, { consistency: 'strong' }))).toEqual(values);
  });
});
