import { beforeAll, describe, expect, it } from 'vitest';
import { bytesSource, openParquet, readRawColumns } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import type { TrainingSetPorts } from '#engine/training-set/ports.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import { buildInProcess, datasetColumns, trainingSetPorts } from '#test/support/drive-training-set.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import type { OracleValue } from '../oracle/values.ts';
import { putTables } from './point-in-time-store.ts';
import { putHistory, putLog } from './stream-store.ts';
import { sources } from './stream-world.ts';
import { answerer, type Reading } from './training-set-answers.ts';
import { manifest, repository } from './training-set-views.ts';
import { randomTrainingWorld, spineOf, type TrainingWorld } from './training-set-world.ts';

// One training set over views of every kind, through the steps of a build, S3 and Athena: each value is the oracle's, to the last bit.
const { seed, cases, again } = randomSettings(200);

const same = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b)
    ? a.length === b.length && a.every((item, at) => same(item, b[at]))
    : Object.is(a, b);

const readings: readonly Reading[] = [
  { mode: 'asServed', lag: 0 },
  { mode: 'eventTime', lag: 0 },
  { mode: 'knowledgeTime', lag: 45 * 60_000 },
];

describe(`training sets over views of every kind: ${cases} random cases (${again})`, () => {
  let store: OfflineStore;
  let world: TrainingWorld;
  let ports: TrainingSetPorts;

  beforeAll(async () => {
    world = randomTrainingWorld(seed, cases);
    store = await createOfflineStore(manifest);
    await putTables(store, world.tables);
    for (const source of Object.values(sources)) {
      const records = world.records[source.name === 'seamed' ? 'seamed' : 'deduplicated'];
      await putLog(store, source, records);
      await putHistory(store, source, records);
    }
    ports = trainingSetPorts(store, repository);
  });

  const rawColumns = async (key: string, names: readonly string[]) => {
    const stored = await store.objects.get(key);
    return readRawColumns(await openParquet(bytesSource(stored?.body ?? new Uint8Array())), names);
  };

  for (const reading of readings)
    describe(`${reading.mode}, lag ${reading.lag} ms`, () => {
      const id = `everything-${reading.mode.toLowerCase()}`;
      const spineKey = `training-sets/${id}.parquet`;
      let dataset: DatasetManifest;

      beforeAll(async () => {
        await store.objects.put(spineKey, writeParquet(spineOf(world.labels, reading.lag)));
        const input = { id, spine: spineKey, service: 'everything', mode: reading.mode, lagMillis: reading.lag };
        dataset = await buildInProcess(ports, input, Math.ceil(world.labels.length / 4));
      });

      it("every value of every row is the oracle's", async () => {
        const columns = await datasetColumns(store.objects, dataset);
        const names = dataset.features.map(({ name }) => name);
        const answer = answerer(world, reading);
        const coverage = new Coverage();
        const failures: Record<string, number> = {};
        const differences = world.labels.flatMap((label, row) => {
          const { values, kinds, failed } = answer(label);
          coverage.case(kinds);
          for (const view of failed) failures[view] = (failures[view] ?? 0) + 1;
          expect(Object.keys(values).sort()).toEqual(names.toSorted());
          return names.flatMap((name) => {
            const got: OracleValue | undefined = columns.get(name)?.[row];
            return same(got, values[name])
              ? []
              : [`row ${row} ${JSON.stringify(label)}: ${name} = ${got}, want ${values[name]}`];
          });
        });
        expect(differences.slice(0, 20)).toEqual([]);
        expect(coverage.thin).toEqual([]);
        expect(dataset.views).toMatchObject({
          'offer@1': { transformErrors: failures['offer@1'] },
          'pair@1': { transformErrors: 0 },
        });
      });

      it('rows, their order and the columns of the spine are as they were', async () => {
        const names = spineOf([], 0).map(({ name }) => name);
        const before = await rawColumns(spineKey, names);
        const folder = workFiles(id).datasetFolder;
        const files = await Promise.all(dataset.files.map(({ name }) => rawColumns(`${folder}${name}`, names)));
        expect(files.length).toBe(4);
        expect(dataset.rows).toBe(world.labels.length);
        for (const [at, { name, elements, values }] of before.entries()) {
          const after = files.flatMap((file) => [...(file[at]?.values ?? [])]);
          expect(after, name).toEqual([...values]);
          expect(
            files.map((file) => file[at]?.elements),
            name,
          ).toEqual(files.map(() => elements));
        }
      });
    });
});
