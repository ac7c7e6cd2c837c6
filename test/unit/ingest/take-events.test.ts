import { describe, expect, it } from 'vitest';
import { emptyProgress, type Progress } from '#codec/progress.ts';
import type { ArrivedEvent } from '#engine/ingest/group-events.ts';
import { fingerprintsUntilMillis, pruneProgress, takeEvents } from '#engine/ingest/take-events.ts';
import { streamSourceOf } from '#test/support/manifests.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const source = streamSourceOf('rides', [{ name: 'at', type: 'timestamp' }], {
  eventTime: 'at',
  allowedSkewMillis: 2 * minute,
  deduplicateBy: { field: 'id', withinMillis: hour },
});
const sequenceOf = (number: number): string => String(number).padStart(56, '0');
const arrived = (
  sequence: number,
  arrivalMillis: number,
  fields: { shard?: string; fingerprint?: bigint } = {},
): ArrivedEvent => ({
  shard: fields.shard ?? 's1',
  sequence: sequenceOf(sequence),
  event: {
    row: {},
    hashes: {},
    eventTimeMillis: arrivalMillis - 1000,
    arrivalMillis,
    ...(fields.fingerprint === undefined ? {} : { fingerprint: fields.fingerprint }),
  },
});
const cut = { run: 1, cutMillis: 100 };
const sequences = (events: readonly ArrivedEvent[]): number[] => events.map(({ sequence }) => Number(sequence));

describe('taking events', () => {
  it('takes those after the last sequence of their shard, whatever other shards have reached', () => {
    const first = takeEvents(emptyProgress, cut, [arrived(5, 200), arrived(6, 210)]);
    expect(sequences(first.taken)).toEqual([5, 6]);
    const again = [arrived(4, 190), arrived(6, 210), arrived(7, 205), arrived(2, 300, { shard: 's2' })];
    const second = takeEvents(first.progress, cut, again);
    expect([sequences(second.redelivered), sequences(second.taken)]).toEqual([
      [4, 6],
      [7, 2],
    ]);
    expect(second.progress.shards).toEqual(
      new Map([
        // arrivals of a shard may go back a little; how far it has come does not
        ['s1', { sequence: sequenceOf(7), arrivalMillis: 210, recent: [] }],
        ['s2', { sequence: sequenceOf(2), arrivalMillis: 300, recent: [] }],
      ]),
    );
  });

  it('compares sequences of 56 digits as numbers', () => {
    const { progress } = takeEvents(emptyProgress, cut, [arrived(99, 200)]);
    expect(sequences(takeEvents(progress, cut, [arrived(100, 200)]).taken)).toEqual([100]);
  });

  it('leaves arrivals up to the cut to the backfill, and remembers nothing of them', () => {
    const taken = takeEvents(emptyProgress, cut, [arrived(1, 99), arrived(2, 100), arrived(3, 101)]);
    expect([sequences(taken.notOurs), sequences(taken.taken)]).toEqual([[1, 2], [3]]);
    expect(takeEvents(emptyProgress, cut, [arrived(1, 100)]).progress).toBe(emptyProgress);
  });

  it('takes the first of equal events, also over batches and shards, and goes on behind the copies', () => {
    const first = takeEvents(emptyProgress, cut, [
      arrived(1, 200, { fingerprint: 7n }),
      arrived(2, 201, { fingerprint: 7n }),
    ]);
    expect([sequences(first.taken), sequences(first.duplicates)]).toEqual([[1], [2]]);
    expect(first.progress.shards.get('s1')?.sequence).toBe(sequenceOf(2));
    const later = [arrived(1, 300, { shard: 's2', fingerprint: 7n }), arrived(3, 300, { fingerprint: 8n })];
    const second = takeEvents(first.progress, cut, later);
    expect([sequences(second.duplicates), sequences(second.taken)]).toEqual([[1], [3]]);
  });

  it('counts no copy of an event that the backfill counts', () => {
    const before = takeEvents(emptyProgress, cut, [arrived(1, 100, { fingerprint: 7n })]);
    expect(before.taken).toEqual([]);
    const after = takeEvents(before.progress, cut, [arrived(2, 101, { fingerprint: 7n })]);
    expect([sequences(after.taken), sequences(after.duplicates)]).toEqual([[], [2]]);
  });
});

describe('what is remembered', () => {
  const progressOf = (shards: Progress['shards']): Progress => ({ run: 1, hasHistory: false, shards });
  const at = 100 * day;
  const known = (arrivalMillis: number, eventTimes: readonly number[] = []) => ({
    sequence: sequenceOf(1),
    arrivalMillis,
    recent: eventTimes.map((eventTimeMillis, index) => ({ fingerprint: BigInt(index), eventTimeMillis })),
  });

  it('forgets a shard that has been silent for longer than the stream keeps records, and none before', () => {
    const shards = new Map([
      ['silent', known(at - day - minute - 1)],
      ['closed', known(at - day - minute)],
      ['busy', known(at)],
    ]);
    expect([...pruneProgress(progressOf(shards), source, day).shards.keys()]).toEqual(['closed', 'busy']);
  });

  it('forgets a fingerprint once its own shard is past every copy that could be accepted', () => {
    // A copy may have been sent with a time two minutes ahead, and Kinesis' clocks may differ by one.
    const limit = at - hour - 3 * minute;
    const shards = new Map([
      ['ahead', known(at, [limit - 1, limit, at])],
      ['behind', known(at - hour, [limit - 1, limit - hour, limit - hour - 1])],
    ]);
    const pruned = pruneProgress(progressOf(shards), source, day).shards;
    const times = (shard: string) => pruned.get(shard)?.recent.map(({ eventTimeMillis }) => eventTimeMillis);
    expect(times('ahead')).toEqual([limit, at]);
    expect(times('behind')).toEqual([limit - 1, limit - hour]);
  });

  it('keeps a silent shard as long as copies of its events may come in the shards that it was split into', () => {
    const wide = { ...source, deduplicateBy: { field: 'id', withinMillis: 3 * day } };
    const shards = new Map([
      ['parent', known(at - 2 * day, [at - 2 * day])],
      ['child', known(at)],
    ]);
    expect(pruneProgress(progressOf(shards), wide, day).shards.get('parent')?.recent).toHaveLength(1);
    const later = new Map([...shards, ['child', known(at + 2 * day)] as const]);
    expect([...pruneProgress(progressOf(later), wide, day).shards.keys()]).toContain('parent');
    const muchLater = new Map([...shards, ['child', known(at + 3 * day)] as const]);
    expect([...pruneProgress(progressOf(muchLater), wide, day).shards.keys()]).toEqual(['child']);
  });

  it('is needed as long as any copy could be accepted', () => {
    expect(fingerprintsUntilMillis(progressOf(new Map([['s1', known(at, [5, at, 7])]])), source)).toBe(
      at + hour + 3 * minute,
    );
    expect(fingerprintsUntilMillis(progressOf(new Map([['s1', known(at)]])), source)).toBeUndefined();
  });
});
