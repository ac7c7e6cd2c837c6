import { expect, it } from 'vitest';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { eventArchiver } from '#engine/ingest/archive-batch.ts';
import { compactEvents } from '#engine/ingest/compact-events.ts';
import { type CompactionInput, maximumPartRows, partsOf } from '#engine/ingest/compaction-plan.ts';
import { sequenceText } from '#semantics/stream/sequence.ts';
import { objectKeys, tableNames } from '#spec/layout.ts';
import type { Column, StreamSource } from '#spec/manifest.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryPartitions } from '#store/memory/partitions.ts';
import { collect } from '#test/support/collect.ts';
import { entityOf, manifestOf, streamSourceOf } from '#test/support/manifests.ts';

const columns = [{ name: 'driver_id', type: 'int64' }];
const input = (key: string, rows: number, options: Partial<CompactionInput> = {}): CompactionInput => ({
  key,
  rows,
  sizeBytes: rows * 10,
  columns,
  ...options,
});
const shape = (inputs: readonly CompactionInput[]) => partsOf('f/', inputs).map((part) => [part.rows, ...part.inputs]);

it('joins files by key into one part, and leaves out those without rows', () => {
  expect(partsOf('f/', [input('b', 2), input('c', 0), input('a', 1)])).toEqual([
    { key: 'f/part-00000.parquet', rows: 3, inputs: ['a', 'b'] },
  ]);
  expect(partsOf('f/', [input('a', 0)])).toEqual([]);
});

it('begins a new part where rows, values or bytes would be too many, and gives a large file one of its own', () => {
  const half = maximumPartRows / 2;
  expect(shape([input('a', half), input('b', half), input('c', 1)])).toEqual([
    [2 * half, 'a', 'b'],
    [1, 'c'],
  ]);
  expect(shape([input('a', 5 * half), input('b', 1)])).toEqual([
    [5 * half, 'a'],
    [1, 'b'],
  ]);
  const wide = Array.from({ length: 100 }, (_, index) => ({ name: `c${index}`, type: 'int64' }));
  const wideRows = { columns: wide };
  expect(shape([input('a', 20_000, wideRows), input('b', 10_000, wideRows), input('c', 1, wideRows)])).toEqual([
    [30_000, 'a', 'b'],
    [1, 'c'],
  ]);
  const heavy = { sizeBytes: 40 * 1024 * 1024 };
  expect(shape([input('a', 1, heavy), input('b', 1, heavy)])).toEqual([
    [1, 'a'],
    [1, 'b'],
  ]);
});

it('never mixes files of different columns', () => {
  const added = { columns: [...columns, { name: 'fare', type: 'float64' }] };
  expect(shape([input('a', 1), input('b', 1, added), input('c', 1), input('d', 1, added)])).toEqual([
    [2, 'b', 'd'],
    [2, 'a', 'c'],
  ]);
});

it('plans the same whatever the order of the listing', () => {
  const inputs = Array.from({ length: 40 }, (_, index) => input(`k${String(index).padStart(2, '0')}`, 30_000));
  expect(partsOf('f/', inputs.toReversed())).toEqual(partsOf('f/', inputs));
});

it('keeps columns and types of days in which the schema changed', async () => {
  const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
  const base: Column[] = [
    { name: 'driver_id', type: 'int64' },
    { name: 'happened_at', type: 'timestamp' },
  ];
  const sourceOf = (schema: readonly Column[]): StreamSource =>
    streamSourceOf('rides', schema, { eventTime: 'happened_at', entities: ['driver'] });
  const later = sourceOf([...base, { name: 'fare', type: 'decimal(10,2)' }, { name: 'stops', type: 'list<string>' }]);
  const [objects, checkpoints, partitions] = [new MemoryObjects(), new MemoryCheckpoints(), new MemoryPartitions()];
  const arrivalMillis = Date.UTC(2024, 2, 1, 12);
  const record = (sequence: bigint, fields: object): StreamRecord => ({
    shard: 'shard-0',
    sequence: sequenceText(sequence),
    arrivalMillis,
    data: Buffer.from(JSON.stringify({ driver_id: Number(sequence), happened_at: arrivalMillis, ...fields })),
  });
  const archive = (source: StreamSource, records: readonly StreamRecord[]) =>
    eventArchiver(
      { manifest: manifestOf({ entities: [driver], sources: [source], views: [] }), objects, checkpoints, partitions },
      source,
    )(records);
  await archive(sourceOf(base), [record(1n, {}), record(2n, {})]);
  await archive(later, [record(3n, { fare: '1.50', stops: ['a', null] })]);
  await archive(later, [record(4n, { fare: '-2' })]);
  const clock = () => arrivalMillis + 2 * 86_400_000;
  const openStream = () => new MemoryEventStream();
  expect(await compactEvents({ objects, checkpoints, partitions, openStream, clock }, later)).toMatchObject({
    files: 3,
  });
  const parts = (await collect(objects.list(objectKeys.eventsCompacted(later)))).filter(({ key }) =>
    key.endsWith('.parquet'),
  );
  const rows: unknown[] = [];
  for (const { key } of parts) {
    const file = await openParquet(bytesSource((await objects.get(key))?.body ?? new Uint8Array(0)));
    const wanted = file.columns.filter(({ name }) => ['driver_id', 'fare', 'stops'].includes(name));
    rows.push([wanted.map(({ name, type }) => `${name} ${type}`), await readColumns(file, wanted)]);
  }
  expect(rows).toEqual([
    [['driver_id int64'], [[1n, 2n]]],
    [
      ['driver_id int64', 'fare decimal(10,2)', 'stops list<string>'],
      [
        [3n, 4n],
        [150n, -200n],
        [['a', null], null],
      ],
    ],
  ]);
});

/** A source whose archive has put one record of a day that is over, and what compaction works with. */
async function archivedWorld() {
  const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
  const schema: Column[] = [
    { name: 'driver_id', type: 'int64' },
    { name: 'happened_at', type: 'timestamp' },
  ];
  const source = streamSourceOf('rides', schema, { eventTime: 'happened_at', entities: ['driver'] });
  const [objects, checkpoints, partitions] = [new MemoryObjects(), new MemoryCheckpoints(), new MemoryPartitions()];
  const arrivalMillis = Date.UTC(2024, 2, 1, 12);
  const archive = eventArchiver(
    { manifest: manifestOf({ entities: [driver], sources: [source], views: [] }), objects, checkpoints, partitions },
    source,
  );
  const archived = (sequence: bigint) => {
    const data = Buffer.from(JSON.stringify({ driver_id: Number(sequence), happened_at: arrivalMillis }));
    return archive([{ shard: 'shard-0', sequence: sequenceText(sequence), arrivalMillis, data }]);
  };
  await archived(1n);
  const ports = { objects, checkpoints, partitions, openStream: () => new MemoryEventStream() };
  return { source, archived, ...ports, ports, dayAfterMillis: arrivalMillis + 2 * 86_400_000 };
}

it('joins what the archive has put while compaction was asking whether the day is over', async () => {
  const world = await archivedWorld();
  let isFirst = true;
  const checkpoints = {
    read: async (group: string) => {
      if (isFirst) await world.archived(2n);
      isFirst = false;
      return world.checkpoints.read(group);
    },
    advance: world.checkpoints.advance.bind(world.checkpoints),
  };
  const done = await compactEvents({ ...world.ports, checkpoints, clock: () => world.dayAfterMillis }, world.source);
  expect(done).toEqual({ days: 1, files: 2, deleted: 0 });
});

it('deletes nothing of a later generation, whose parts another one is writing', async () => {
  const world = await archivedWorld();
  await compactEvents({ ...world.ports, clock: () => world.dayAfterMillis }, world.source);
  const later = `${objectKeys.eventsCompacted(world.source)}dt=2024-03-01/generation=2/part-00000.parquet`;
  await world.objects.put(later, new Uint8Array(1));
  const graceOver = () => world.dayAfterMillis + 86_400_000;
  expect(await compactEvents({ ...world.ports, clock: graceOver }, world.source)).toMatchObject({ deleted: 1 });
  expect(await world.objects.head(later)).toBeDefined();
});

it('leaves the partition at the newest generation, however late an earlier one is published', async () => {
  const world = await archivedWorld();
  const { partitions, source } = world;
  const own = { ...world.ports, clock: () => world.dayAfterMillis };
  let isFirst = true;
  const overtaken = {
    registerNew: partitions.registerNew.bind(partitions),
    register: async (...moved: Parameters<MemoryPartitions['register']>) => {
      if (isFirst) {
        isFirst = false;
        await compactEvents(own, source);
        await world.archived(2n);
        await compactEvents(own, source);
      }
      await partitions.register(...moved);
    },
  };
  await compactEvents({ ...own, partitions: overtaken }, source);
  expect(partitions.registered(tableNames.events(source))[0]?.location).toContain('/generation=2/');
});
