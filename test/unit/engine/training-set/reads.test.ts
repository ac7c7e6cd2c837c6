import { describe, expect, it } from 'vitest';
import { writeParquet } from '#codec/parquet-write.ts';
import { encodePublished } from '#codec/published-file.ts';
import { planFeatures } from '#engine/feature-plan.ts';
import { listReads } from '#engine/training-set/reads.ts';
import { parseTrainingSetRequest, type TrainingSetInput } from '#engine/training-set/request.ts';
import { settleReads } from '#engine/training-set/settle-reads.ts';
import { stageSpine } from '#engine/training-set/stage-spine.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import type { Manifest } from '#spec/manifest.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { batchViewOf, entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import { manifest as streams } from '#test/unit/serve/stream-world.ts';
import { nowMillis, putJoin, requestOf, spineKey, type World, world } from './world.ts';

const day = Date.UTC(2026, 0, 10);

const rides = {
  ...sourceOf('rides', [{ name: 'driver_id', type: 'int64' }], { eventTime: 'at' }),
  partitionedBy: { column: 'dt', of: 'at' },
};
const batch: Manifest = manifestOf({
  entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
  sources: [rides],
  views: [
    tableViewOf('stats', [{ name: 'trips', type: 'int64' }], { entity: 'driver', source: 'rides' }),
    batchViewOf('daily', [{ name: 'trips_1d', type: 'int64', formula: { kind: 'count', windowMillis: 86_400_000 } }], {
      entity: 'driver',
      source: 'rides',
      scheduleMillis: 86_400_000,
    }),
  ],
});

/** Changes the bucket, and says whether the reads of a request up to the noon of `day` differ then. */
async function changes(
  { manifest = batch, features }: { readonly manifest?: Manifest; readonly features: string[] },
  change: (objects: MemoryObjects) => Promise<unknown>,
  more: Partial<TrainingSetInput> = {},
): Promise<boolean> {
  const objects = new MemoryObjects();
  const publish = (dates: string[]) =>
    objects.put(
      'published/daily/v1/published.parquet',
      encodePublished({
        fence: dates.length,
        last: undefined,
        partitions: dates.map((dt) => ({ dt, run: 3, publishedAtMillis: 5 })),
      }),
    );
  await publish(['2026-01-09', '2026-01-10']);
  await objects.put('feature-rows/daily/v1/run=3/a/dt=2026-01-10/x', '1');
  await objects.put('sources/rides/dt=2026-01-10/x.parquet', '1');
  const request = parseTrainingSetRequest({ id: 't1', spine: spineKey, features, ...more });
  const of = { manifest, request, plan: planFeatures(manifest, { features }), maxEventMillis: day + 43_200_000 };
  const ports = { objects, openBucket: (bucket: string) => new MemoryObjects(bucket) };
  const before = await listReads(ports, of);
  await change(objects);
  return JSON.stringify(await listReads(ports, of)) !== JSON.stringify(before);
}

describe('listReads', () => {
  const table = { features: ['stats:trips'] };
  const daily = { features: ['daily:trips_1d'] };
  const put = (key: string) => (objects: MemoryObjects) => objects.put(key, 'new');

  it.each([
    ['sources/rides/dt=2026-01-09/late.parquet', true],
    ['sources/rides/dt=2026-01-10/x.parquet', true],
    ['sources/rides/dt=2026-01-11/next.parquet', false],
    ['sources/rides/_SUCCESS', false],
    ['sources/others/dt=2026-01-09/late.parquet', false],
  ])('of a table view: %s changes them: %s', async (key, isChanged) => {
    expect(await changes(table, put(key))).toBe(isChanged);
  });

  it.each([
    ['feature-rows/daily/v1/run=3/a/dt=2026-01-09/y', true],
    ['feature-rows/daily/v1/run=4/a/dt=2026-01-09/y', false],
    ['feature-rows/daily/v1/run=3/a/dt=2026-01-11/y', false],
    ['sources/rides/dt=2026-01-09/late.parquet', false],
  ])('of a batch view: %s changes them: %s', async (key, isChanged) => {
    expect(await changes(daily, put(key))).toBe(isChanged);
  });

  it.each([
    ['of a date that a label can see', '2026-01-08', true],
    ['of a later date', '2026-01-11', false],
  ])('of a batch view: a publication %s changes them: %s', async (_, dt, isChanged) => {
    const partitions = ['2026-01-09', '2026-01-10', dt].map((date) => ({ dt: date, run: 3, publishedAtMillis: 5 }));
    const publish = (objects: MemoryObjects) =>
      objects.put('published/daily/v1/published.parquet', encodePublished({ fence: 9, last: undefined, partitions }));
    expect(await changes(daily, publish)).toBe(isChanged);
  });

  it.each([
    ['asServed', false],
    ['eventTime', true],
  ] as const)('of a stream, %s: an event that arrives on a later day changes them: %s', async (mode, isChanged) => {
    const source = streams.sources.find(({ kind }) => kind === 'stream');
    const features = { manifest: streams, features: ['live:rides_1h'] };
    const archived = (dt: string) => put(`events/${source?.name}/dt=${dt}/shard/0.parquet`);
    expect(await changes(features, archived('2026-01-11'), { mode })).toBe(isChanged);
    expect(await changes(features, archived('2026-01-10'), { mode })).toBe(true);
  });
});

describe('settleReads', () => {
  const files = workFiles('t1');
  const step = { id: 't1', execution: 'e1' };
  const change = (at: World, content: string) => at.objects.put('sources/rides/x.parquet', content);
  const join = async (at: World, pass: number): Promise<void> => {
    await putJoin(at, 0, { execution: 'e1', files: [] });
    const stored = JSON.parse(new TextDecoder().decode((await at.objects.get(files.join(0)))?.body));
    await at.objects.put(files.join(0), JSON.stringify({ ...stored, pass }));
  };
  const reads = async (at: World) => JSON.parse(new TextDecoder().decode((await at.objects.get(files.reads))?.body));

  async function staged(): Promise<World> {
    const at = world();
    await change(at, 'one');
    await at.objects.put(
      spineKey,
      writeParquet([
        { name: 'driver_id', type: 'int64', values: [1n] },
        { name: 'event_time', type: 'timestamp', values: [1000] },
      ]),
    );
    await stageSpine(at, {
      request: requestOf({ features: ['stats:trips'] }),
      execution: 'e1',
      untilMillis: nowMillis + 1,
    });
    return at;
  }

  it('goes on, pinned, when nothing has changed', async () => {
    const at = await staged();
    await join(at, 1);
    expect(await settleReads(at, step)).toEqual({ id: 't1', next: 'finish' });
    expect(await reads(at)).toMatchObject({ pass: 1, pinned: true });
  });

  it('joins again after a first change, and is pinned when there is no second', async () => {
    const at = await staged();
    await join(at, 1);
    await change(at, 'two');
    const again = { id: 't1', next: 'join', joins: [0] };
    expect(await settleReads(at, step)).toEqual(again);
    expect(await settleReads(at, step), 'repeated before the join has run again').toEqual(again);
    await join(at, 2);
    expect(await settleReads(at, step)).toEqual({ id: 't1', next: 'finish' });
    expect(await reads(at)).toMatchObject({ pass: 2, pinned: true });
  });

  it('is not pinned after a second change, whatever comes later', async () => {
    const at = await staged();
    await join(at, 1);
    await change(at, 'two');
    await settleReads(at, step);
    await join(at, 2);
    await change(at, 'three');
    for (const _ of [1, 2]) expect(await settleReads(at, step)).toEqual({ id: 't1', next: 'finish' });
    expect(await reads(at)).toMatchObject({ pass: 2, pinned: false });
  });

  it('leaves the reads of another execution alone', async () => {
    const at = await staged();
    await join(at, 1);
    await expect(settleReads(at, { id: 't1', execution: 'e2' })).rejects.toThrow(
      'another run of training set t1 is joining it',
    );
  });
});
