import { expect, it } from 'vitest';
import { claimCuts, createCutReader, cutAgain, firstCutMillis, readCuts } from '#engine/ingest/cuts.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import type { Objects } from '#store/objects.ts';
import { streamSourceOf } from '#test/support/manifests.ts';

const rides = streamSourceOf('rides', [{ name: 'at', type: 'timestamp' }], { eventTime: 'at' });
const minute = 60_000;
const nowMillis = 1_000 * minute;

it('cuts the views of the first consumer at 0 and later ones five minutes ahead', async () => {
  const objects = new MemoryObjects();
  expect(await readCuts(objects, rides)).toEqual({});
  await claimCuts(objects, rides, { views: ['a@1', 'b@1'], nowMillis });
  await claimCuts(objects, rides, { views: ['a@1', 'c@2'], nowMillis });
  const expected = {
    'a@1': { run: 1, cutMillis: 0 },
    'b@1': { run: 1, cutMillis: 0 },
    'c@2': { run: 1, cutMillis: nowMillis + 5 * minute },
  };
  expect(await readCuts(objects, rides)).toEqual(expected);
  expect(await claimCuts(objects, rides, { views: ['c@2', 'b@1'], nowMillis: nowMillis * 2 })).toEqual(expected);
});

it('leaves room for every copy of an event where the source deduplicates', () => {
  const deduplicateBy = { field: 'id', withinMillis: 60 * minute };
  expect(firstCutMillis({ ...rides, deduplicateBy, allowedSkewMillis: 2 * minute }, nowMillis)).toBe(
    nowMillis + 67 * minute,
  );
});

it('gives a view its next run and leaves the others', async () => {
  const objects = new MemoryObjects();
  await claimCuts(objects, rides, { views: ['a@1', 'b@1'], nowMillis });
  const next = { run: 2, cutMillis: 7, previous: { run: 1, cutMillis: 0 } };
  expect(await cutAgain(objects, rides, { view: 'a@1', cutMillis: 7 })).toEqual(next);
  expect(await readCuts(objects, rides)).toEqual({ 'a@1': next, 'b@1': { run: 1, cutMillis: 0 } });
  const third = await cutAgain(objects, rides, { view: 'a@1', cutMillis: 9 });
  expect(third).toEqual({ run: 3, cutMillis: 9, previous: { run: 2, cutMillis: 7 } });
});

/** Runs `between` before the first put, as another process that is a little faster. */
function raced(objects: Objects, between: () => Promise<unknown>): Pick<Objects, 'get' | 'put'> {
  let isFirst = true;
  return {
    get: (key) => objects.get(key),
    put: async (key, body, condition) => {
      if (isFirst) {
        isFirst = false;
        await between();
      }
      return objects.put(key, body, condition);
    },
  };
}

it('loses no cut when two consumers see a source for the first time at once', async () => {
  const objects = new MemoryObjects();
  const late = raced(objects, () => claimCuts(objects, rides, { views: ['a@1'], nowMillis }));
  await claimCuts(late, rides, { views: ['a@1', 'b@1'], nowMillis });
  expect(await readCuts(objects, rides)).toEqual({
    'a@1': { run: 1, cutMillis: 0 },
    'b@1': { run: 1, cutMillis: nowMillis + 5 * minute },
  });
});

it('makes no run twice when two rebuilds begin at once', async () => {
  const objects = new MemoryObjects();
  await claimCuts(objects, rides, { views: ['a@1'], nowMillis });
  const late = raced(objects, () => cutAgain(objects, rides, { view: 'a@1', cutMillis: 5 }));
  expect(await cutAgain(late, rides, { view: 'a@1', cutMillis: 6 })).toMatchObject({ run: 3, cutMillis: 6 });
});

it('gives up when the cuts change all the time', async () => {
  const refusing = { get: async () => undefined, put: async () => undefined };
  await expect(claimCuts(refusing, rides, { views: ['a@1'], nowMillis })).rejects.toMatchObject({
    code: 'ingest.cutsContended',
  });
});

it('reads the cuts again after ten seconds, and at once when asked', async () => {
  const objects = new MemoryObjects();
  let clock = nowMillis;
  const reader = createCutReader({ objects, clock: () => clock }, rides, ['a@1']);
  expect(await reader.current()).toEqual({ 'a@1': { run: 1, cutMillis: 0 } });
  await cutAgain(objects, rides, { view: 'a@1', cutMillis: 9 });
  clock += 9_999;
  expect((await reader.current())['a@1']?.run).toBe(1);
  expect((await reader.again())['a@1']?.run).toBe(2);
  await cutAgain(objects, rides, { view: 'a@1', cutMillis: 10 });
  clock += 10_000;
  expect((await reader.current())['a@1']?.run).toBe(3);
});

it('reads once for all who ask at once', async () => {
  const objects = new MemoryObjects();
  let reads = 0;
  const counted = {
    get: (key: string) => {
      reads++;
      return objects.get(key);
    },
    put: objects.put.bind(objects),
  };
  const reader = createCutReader({ objects: counted, clock: () => nowMillis }, rides, ['a@1']);
  await Promise.all(Array.from({ length: 48 }, () => reader.current()));
  expect(reads).toBe(1);
});

it('is cut ahead where a source was consumed before it had any view with windows', async () => {
  const objects = new MemoryObjects();
  const clock = () => nowMillis;
  expect(await createCutReader({ objects, clock }, rides, []).current()).toEqual({});
  const later = await createCutReader({ objects, clock }, rides, ['a@1']).current();
  expect(later['a@1']?.cutMillis).toBeGreaterThan(nowMillis);
});

it('gives a view its next run that comes back after a consumer without it: a rollback has missed events', async () => {
  const objects = new MemoryObjects();
  let clock = nowMillis;
  const consumerOf = (views: readonly string[]) => createCutReader({ objects, clock: () => clock }, rides, views);
  await consumerOf(['a@1']).current();
  await consumerOf(['a@1', 'b@1']).current();
  const before = await readCuts(objects, rides);
  clock += 60 * minute;
  await consumerOf(['a@1']).current();
  clock += 60 * minute;
  const after = await consumerOf(['a@1', 'b@1']).current();
  expect(after).toEqual({ 'a@1': before['a@1'], 'b@1': { run: 2, cutMillis: clock + 5 * minute } });
  expect(await consumerOf(['a@1', 'b@1']).current()).toEqual(after);
});

it('leaves a view alone that consumers of the earlier deployment do not know yet: they end before its cut', async () => {
  const objects = new MemoryObjects();
  const deduplicateBy = { field: 'id', withinMillis: 60 * minute };
  for (const source of [rides, { ...rides, name: 'once', deduplicateBy }]) {
    let clock = nowMillis;
    const consumerOf = (views: readonly string[]) => createCutReader({ objects, clock: () => clock }, source, views);
    await consumerOf([]).current();
    const cuts = await consumerOf(['a@1']).current();
    clock += 2 * minute;
    expect(await consumerOf([]).current()).toEqual(cuts);
    clock += 2 * minute;
    expect(await consumerOf([]).current()).toMatchObject({ 'a@1': { hasMissed: true } });
  }
});

it('takes a backfill for no consumer: the views that it does not know have missed nothing', async () => {
  const objects = new MemoryObjects();
  const cuts = await createCutReader({ objects, clock: () => nowMillis }, rides, ['a@1', 'b@1']).current();
  expect(await claimCuts(objects, rides, { views: ['a@1'], nowMillis })).toEqual(cuts);
});

it('lets no item go on in a run that has missed events while a rebuild waits for its cut', async () => {
  const objects = new MemoryObjects();
  const consumerOf = (views: readonly string[]) => createCutReader({ objects, clock: () => nowMillis }, rides, views);
  await consumerOf(['a@1']).current();
  await consumerOf([]).current();
  expect(await cutAgain(objects, rides, { view: 'a@1', cutMillis: 7 })).toEqual({ run: 2, cutMillis: 7 });
});
