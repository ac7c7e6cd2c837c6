import { beforeAll, describe, expect, it } from 'vitest';
import type { Value } from '#spec/value-type.ts';
import { batchRowsSql } from '#sql/batch-rows-sql.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import type { OracleEvent } from '../oracle/aggregates.ts';
import { batchRows } from '../oracle/batch-view.ts';
import type { OracleValue } from '../oracle/values.ts';
import { schema } from './aggregate-cases.ts';
import { entity, manifest, source, viewCases } from './batch-views.ts';

const { seed, cases, again } = randomSettings(1000);
const start = Date.UTC(2026, 0, 10);
const hour = 3_600_000;
// Not a tick: the first tick is the next one, and its longest look-back begins before `from` less the window.
const interval = { from: start + 1_020_000, to: start + 12 * hour };

const words = ['a', 'b', 'é', 'zz', '', '\u{1f600}', '\uffff'];
const bigs = [0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 3n, 2n ** 62n, 9n];
const smalls = [0, 1, -7, 2_147_483_647, -2_147_483_648, 42];
const wides = [0, -0, 0.1, -2.5, 1.0000005, 1e9, 1e11, 3e-7, Number.NaN, Number.POSITIVE_INFINITY];
const narrows = [0, 0.1, -1.5, 3.25, 1e7, Number.NaN].map(Math.fround);

const orNull = <T>(random: Random, value: T): T | null => (random.chance(0.15) ? null : value);

/** An event instant: often on an edge of some window or tick, to the millisecond. */
function instant(random: Random): number {
  const tick = start + random.integer(0, 24) * 1_800_000;
  const windows = viewCases.flatMap((view) => view.windows);
  if (random.chance(0.3)) return tick;
  if (random.chance(0.4)) return tick - random.pick(windows) + random.pick([-1, 0, 1]);
  return start + random.integer(-8 * hour, 12 * hour);
}

function eventsOf(random: Random, caseId: number): OracleEvent[] {
  const events: OracleEvent[] = [];
  const usesLargeValues = random.chance(0.3);
  for (let left = random.pick([0, 1, 1, 2, 3, 5, 8, 12]); left > 0; left--) {
    const at = instant(random);
    const part = orNull(random, random.pick(['', 'x', 'ü:1']));
    const row = {
      case_id: BigInt(caseId),
      part,
      t: at,
      big: orNull(random, usesLargeValues ? random.pick(bigs) : BigInt(random.integer(-50, 50))),
      small: orNull(random, usesLargeValues ? random.pick(smalls) : random.integer(-5, 5)),
      wide: orNull(random, random.pick(usesLargeValues ? wides : wides.slice(0, 6))),
      narrow: orNull(random, random.pick(narrows)),
      word: orNull(random, random.pick(words)),
      flag: orNull(random, random.chance(0.5)),
      at: orNull(random, start + random.integer(-1000, 1000)),
    };
    const event = { key: part === null ? null : JSON.stringify([caseId, part]), at, row };
    events.push(event);
    if (random.chance(0.1)) events.push(event); // an event that came twice is two rows of the source
  }
  return events;
}

/** Equal to the last bit: NaN equals itself, -0 does not equal 0. */
const same = (a: OracleValue | undefined, b: Value | undefined): boolean => Object.is(a, b);

describe(`batch views on ${cases} random event logs (${again})`, () => {
  let store: OfflineStore;
  let events: OracleEvent[];
  const coverage = new Coverage();

  beforeAll(async () => {
    const random = new Random(seed);
    store = await createOfflineStore(manifest);
    events = [];
    for (let caseId = 0; caseId < cases; caseId++) {
      const own = eventsOf(random, caseId);
      events.push(...own);
      const edges = viewCases.flatMap(({ windows, view }) =>
        own.flatMap(({ at }) => windows.map((window) => (at + window) % view.scheduleMillis)),
      );
      coverage.case({
        'no event': own.length === 0,
        'null key': own.some(({ key }) => key === null),
        'on a tick': own.some(({ at }) => at % hour === 0),
        'on a far edge': edges.includes(0),
        'a millisecond before a far edge': edges.includes(1),
        'same instant twice': new Set(own.map(({ at }) => at)).size < own.length,
        NaN: own.some(({ row }) => Number.isNaN(row.wide)),
        infinity: own.some(({ row }) => row.wide === Number.POSITIVE_INFINITY),
        'null value': own.some(({ row }) => row.big === null),
        'beyond 2^53': own.some(({ row }) => typeof row.big === 'bigint' && row.big > 2n ** 53n),
      });
    }
    const columns = schema.map(({ name, type }) => ({
      name,
      type,
      values: events.map(({ row }) => row[name] as Value),
    })); // the rows have the schema's types
    await store.putRows('sources/events/all.parquet', columns);
  });

  it('covers what it claims', () => {
    expect(coverage.thin).toEqual([]);
  });

  for (const { view, features } of viewCases) {
    it(`${view.name}: every aggregate equals the oracle at every tick`, async () => {
      const expected = batchRows(events, features, { ...interval, schedule: view.scheduleMillis });
      const select = batchRowsSql({
        database: store.database,
        view,
        source,
        entity,
        fromMillis: interval.from,
        toMillis: interval.to,
      });
      const columns = await store.select(select);
      const column = (name: string): readonly Value[] => columns.get(name) ?? [];
      const rowAt = new Map(
        column('case_id').map((caseId, at) => [
          `${JSON.stringify([Number(caseId), column('part')[at]])} ${column('_event_time')[at]}`,
          at,
        ]),
      );
      expect(column('case_id').length).toBe(expected.length);
      expect(rowAt.size).toBe(expected.length);
      const differences: string[] = [];
      for (const row of expected) {
        const at = rowAt.get(`${row.key} ${row.tick}`) ?? -1;
        const marks = column('_marks')[at] ?? '.'.repeat(features.length);
        if (marks !== row.marks) differences.push(`${row.key} at ${row.tick}: marks ${marks}, want ${row.marks}`);
        view.features.forEach(({ name }, position) => {
          const got = column(name)[at];
          if (!same(row.values[position], got))
            differences.push(`${row.key} at ${row.tick}: ${name} = ${got}, want ${row.values[position]}`);
        });
      }
      expect(differences.slice(0, 20)).toEqual([]);
      const marks = expected.map((row) => row.marks).join('');
      for (const mark of ['.', 'd', 'e'])
        expect(marks.split(mark).length, `rows with mark ${mark}`).toBeGreaterThan(expected.length / 100);
    });
  }

  it('rows of ticks that were published before are marked as replacing', async () => {
    const { view } = viewCases[0] ?? { view: undefined };
    if (!view) throw new Error('no view');
    const covered = [{ fromMillis: start + 2 * hour, toMillis: start + 5 * hour }];
    const select = batchRowsSql({
      database: store.database,
      view,
      source,
      entity,
      fromMillis: interval.from,
      toMillis: interval.to,
      covered,
    });
    const columns = await store.select(select);
    const ticks = (columns.get('_event_time') ?? []).map(Number);
    const expected = ticks.map((tick) => tick > start + 2 * hour && tick <= start + 5 * hour);
    expect(columns.get('_replaces')).toEqual(expected);
    expect(new Set(expected)).toEqual(new Set([true, false]));
  });
});
