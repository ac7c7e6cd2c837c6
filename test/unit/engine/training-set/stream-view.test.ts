import { describe, expect, it } from 'vitest';
import { writeParquet } from '#codec/parquet-write.ts';
import { completeDataset } from '#engine/training-set/complete-dataset.ts';
import { finishPart } from '#engine/training-set/finish-part.ts';
import { joinFeatures } from '#engine/training-set/join-features.ts';
import { settleReads } from '#engine/training-set/settle-reads.ts';
import { stageSpine } from '#engine/training-set/stage-spine.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import { rowStates, stateColumn, valueColumn } from '#sql/training-set-sql.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import { hour, live, manifest, minute, repository } from '#test/unit/serve/stream-world.ts';
import { nowMillis, readAll, requestOf, spineKey, type World, world } from './world.ts';

const files = workFiles('t1');
const request = requestOf({ features: ['live:rides_1h', 'level:text', 'live:mean_24h'] });
const newest = manifest.views.find(({ name }) => name === 'newest');

const started: string[] = [];
const sql: Pick<SqlEngine, 'start' | 'status' | 'stop' | 'rows'> = {
  start: async (text) => `q${started.push(text)}`,
  status: async () => ({
    state: 'succeeded',
    bytesScanned: 1000,
    millis: 5,
    manifestUri: 's3://memory/athena-results/q1',
  }),
  stop: async () => {},
  rows: async function* () {},
};

/** What the statement finds: windows at each label, empty at the second, and the newest ride of the first driver only. */
async function unload(at: World): Promise<void> {
  if (newest?.kind !== 'table') throw new Error('newest is a table view');
  const key = `${files.joined('a')}part=0/file-0`;
  const body = writeParquet([
    { name: 'row_id', type: 'int64', values: [1n, 0n] },
    { name: stateColumn(live), type: 'int32', values: [rowStates.present, rowStates.present] },
    { name: valueColumn(live, 'rides_1h'), type: 'int64', values: [0n, 7n] },
    { name: valueColumn(live, 'mean_24h'), type: 'float64', values: [-1, 12.5] },
    { name: stateColumn(newest), type: 'int32', values: [rowStates.missing, rowStates.present] },
    { name: valueColumn(newest, 'fare'), type: 'float64', values: [null, 9] },
  ]);
  await at.objects.put(key, body);
  await at.objects.put('athena-results/q1', at.objects.uri(key));
}

describe('a training set of windows over a stream', () => {
  it('has their values at each label, feeds them to transforms and records windows and hops', async () => {
    const at: World = {
      repository,
      objects: new MemoryObjects(),
      openBucket: (bucket) => new MemoryObjects(bucket),
      records: new MemoryRecords(),
      archivedThrough: async () => true,
      clock: () => nowMillis,
    };
    const spine = [
      { name: 'driver_id', type: 'int64' as const, values: [1n, 2n] },
      { name: 'event_time', type: 'timestamp' as const, values: [nowMillis - hour, nowMillis] },
    ];
    await at.objects.put(spineKey, writeParquet(spine));
    expect(await stageSpine(at, { request, execution: 'e1', untilMillis: nowMillis + minute })).toMatchObject({
      next: 'join',
      joins: [0],
    });
    const ports = { ...at, sql, database: 'tidemark_test_dev' };
    const step = await joinFeatures(ports, { id: 't1', execution: 'e1', join: 0 });
    expect(started[0]).toContain(`"${valueColumn(live, 'rides_1h')}"`);
    await unload(at);
    expect((await joinFeatures(ports, step)).next).toBe('done');
    expect(await settleReads(at, { id: 't1', execution: 'e1' })).toEqual({ id: 't1', next: 'finish' });
    await finishPart(at, { id: 't1', execution: 'e1', part: 0 });
    const dataset = await completeDataset(at, { id: 't1', execution: 'e1' });

    expect(await readAll(at.objects, files.datasetPart(0))).toMatchObject({
      live__rides_1h: [7n, 0n],
      level__text: ['7 12.5 9', '0 -1 null'],
      live__mean_24h: [12.5, -1],
    });
    expect(dataset.views['live@1']).toMatchObject({
      states: { present: 2, absent: 0, deleted: 0 },
      windows: [
        { windowMillis: hour, hopMillis: minute },
        { windowMillis: 24 * hour, hopMillis: 15 * minute },
      ],
    });
    expect(dataset.views['newest@1']).toMatchObject({ states: { present: 1, absent: 1, deleted: 0 } });
    expect(dataset.views['newest@1']?.windows).toBeUndefined();
  });

  it('needs the keys of the entity in the spine', async () => {
    const objects = new MemoryObjects();
    const at: World = { ...world(), repository, objects };
    await objects.put(spineKey, writeParquet([{ name: 'event_time', type: 'timestamp', values: [nowMillis] }]));
    await expect(stageSpine(at, { request, execution: 'e1', untilMillis: nowMillis + minute })).rejects.toThrow(
      'the spine has no column driver_id (int64), a key of entity driver',
    );
  });
});
