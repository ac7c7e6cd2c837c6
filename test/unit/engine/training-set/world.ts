import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { TrainingSetPorts } from '#engine/training-set/ports.ts';
import { parseTrainingSetRequest, type TrainingSetInput } from '#engine/training-set/request.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import type { Manifest, OnDemandView } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { rowStates, stateColumn, valueColumn } from '#sql/training-set-sql.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';

/** Rides: a driver's stored statistics, a zone's level, and a ratio computed from both and the fare of the trip at hand. */
const described = { description: '', tags: {} };
const hash = '0'.repeat(64);

export const stats = tableViewOf(
  'stats',
  [
    { name: 'trips', type: 'int64' },
    { name: 'rating', type: 'float32' },
  ],
  { entity: 'driver', source: 'rides' },
);
export const demand = tableViewOf('demand', [{ name: 'level', type: 'float64' }], { entity: 'zone', source: 'zones' });
const ratio: OnDemandView = {
  kind: 'onDemand',
  name: 'ratio',
  version: 1,
  definitionHash: hash,
  transformHash: hash,
  inputs: [
    { kind: 'view', name: 'stats', view: 'stats', version: 1, features: ['trips'] },
    { kind: 'request', name: 'trip', source: 'trip' },
  ],
  features: [
    { name: 'fare_per_trip', type: 'float64', ...described },
    { name: 'as_of', type: 'timestamp', ...described },
  ],
  ...described,
};

export const manifest: Manifest = {
  ...manifestOf({
    entities: [
      entityOf('driver', [{ name: 'driver_id', type: 'int64' }]),
      entityOf('zone', [
        { name: 'city', type: 'string' },
        { name: 'zone_id', type: 'int32' },
      ]),
    ],
    sources: [
      sourceOf('rides', [{ name: 'driver_id', type: 'int64' }], { eventTime: 'at' }),
      sourceOf('zones', [{ name: 'zone_id', type: 'string' }], { eventTime: 'at' }),
      { kind: 'request', name: 'trip', schema: [{ name: 'fare', type: 'float64' }], ...described },
    ],
    views: [demand, ratio, stats],
  }),
  services: [
    {
      name: 'pricing',
      version: 1,
      definitionHash: hash,
      features: [
        { view: 'ratio', version: 1, feature: 'fare_per_trip', name: 'price' },
        { view: 'stats', version: 1, feature: 'rating', name: 'stats__rating' },
        { view: 'stats', version: 1, feature: 'trips', name: 'stats__trips' },
        { view: 'ratio', version: 1, feature: 'as_of', name: 'ratio__as_of' },
      ],
      ...described,
    },
  ],
};

export const repository: Repository = {
  manifest,
  transforms: {
    'ratio@1': ({ stats: { trips } = {}, trip: { fare } = {} }, { asOf }) => {
      if (trips === 0n) throw new Error('no trips');
      return {
        fare_per_trip: typeof trips === 'bigint' && typeof fare === 'number' ? fare / Number(trips) : null,
        as_of: asOf,
      };
    },
  },
};

export const nowMillis = Date.UTC(2026, 10, 22);

export interface World
  extends Pick<TrainingSetPorts, 'repository' | 'objects' | 'openBucket' | 'records' | 'archivedThrough' | 'clock'> {
  readonly objects: MemoryObjects;
  readonly records: MemoryRecords;
}
export const world = (): World => ({
  repository,
  objects: new MemoryObjects(),
  openBucket: (bucket) => new MemoryObjects(bucket),
  records: new MemoryRecords(),
  archivedThrough: async () => true,
  clock: () => nowMillis,
});

export const spineKey = 'training-sets/work/t1/input/labels';
export const requestOf = (input: Partial<TrainingSetInput> = {}) =>
  parseTrainingSetRequest({
    id: 't1',
    spine: spineKey,
    ...(input.features === undefined ? { service: 'pricing' } : {}),
    ...input,
  });

export async function readAll(objects: MemoryObjects, key: string): Promise<Record<string, readonly Value[]>> {
  const stored = await objects.get(key);
  const file = await openParquet(bytesSource(stored?.body ?? new Uint8Array()));
  const values = await readColumns(file, file.columns);
  return Object.fromEntries(file.columns.map(({ name }, position) => [name, values[position] ?? []]));
}

export interface JoinedRow {
  readonly rowId: number;
  readonly trips: bigint | null;
  readonly rating?: number | null;
  readonly state?: number;
}

/** Files as an UNLOAD of the pricing service's join leaves them, and what joinFeatures writes down of it. */
export async function putJoin(
  { objects }: World,
  part: number,
  { execution, files }: { readonly execution: string; readonly files: readonly (readonly JoinedRow[])[] },
): Promise<void> {
  const paths = workFiles('t1');
  const keys: string[] = [];
  for (const [number, rows] of files.entries()) {
    const key = `${paths.joined('a1')}part=${part}/file-${number}`;
    const columns: TypedColumn[] = [
      { name: 'row_id', type: 'int64', values: rows.map(({ rowId }) => BigInt(rowId)) },
      { name: stateColumn(stats), type: 'int32', values: rows.map(({ state }) => state ?? rowStates.present) },
      { name: valueColumn(stats, 'trips'), type: 'int64', values: rows.map(({ trips }) => trips) },
      { name: valueColumn(stats, 'rating'), type: 'float32', values: rows.map(({ rating }) => rating ?? null) },
    ];
    await objects.put(key, writeParquet(columns));
    keys.push(key);
  }
  const join = { join: 0, execution, pass: 1, attempt: 'a1', queryId: 'q1', bytesScanned: 1000, millis: 5 };
  const known = await objects.get(paths.join(0));
  const parts = known ? JSON.parse(new TextDecoder().decode(known.body)).files : {};
  await objects.put(paths.join(0), JSON.stringify({ ...join, files: { ...parts, [String(part)]: keys } }));
  await objects.put(paths.statement('a1'), 'UNLOAD (SELECT 1)');
}
