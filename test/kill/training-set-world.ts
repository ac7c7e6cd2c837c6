import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { writeParquet } from '#codec/parquet-write.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { listTrainingSets, readDatasetManifest } from '#engine/training-set/datasets.ts';
import type { TrainingSetPorts } from '#engine/training-set/ports.ts';
import { getTrainingSetRecord } from '#engine/training-set/training-set-record.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import { objectKeys, spineKeyColumn } from '#spec/layout.ts';
import { rowStates, stateColumn, valueColumn } from '#sql/training-set-sql.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { driveTrainingSet, type TrainingSetStep } from '#test/support/drive-training-set.ts';
import { readAll, repository, requestOf, spineKey, stats } from '../unit/engine/training-set/world.ts';
import { type CallHook, MortalPorts, mortalObjects, mortalRecords, mortalSql, neverKilled } from './mortal-ports.ts';
import { ScriptedSql, type WrittenFile } from './scripted-sql.ts';

const id = 't1';
const files = workFiles(id);
const labels = 5;
const partRows = 2;

/** A deployment in memory, builds of one training set in it, and what must hold between them. */
export class TrainingSetWorld {
  readonly objects = new MemoryObjects();
  readonly records = new MemoryRecords();
  readonly #ports: TrainingSetPorts;
  #nowMillis = Date.UTC(2026, 10, 22);
  #executionCount = 0;

  constructor() {
    const sql = new ScriptedSql({
      objects: this.objects,
      files: (folder) => this.#joined(folder),
      fails: (folder) => this.#isFirstAttempt(folder),
    });
    const ports = {
      repository,
      database: 'tidemark_test',
      objects: this.objects,
      openBucket: () => this.objects,
      records: this.records,
      archivedThrough: async () => true,
      sql,
      clock: () => this.#nowMillis++,
    };
    this.#ports = ports;
  }

  /** A world with a spine and one object of the source. */
  static async withSpine(): Promise<TrainingSetWorld> {
    const world = new TrainingSetWorld();
    await world.putSpine(0);
    await world.addSourceRows();
    return world;
  }

  /** Labels of drivers `first` and on. */
  async putSpine(first: number): Promise<void> {
    const rows = Array.from({ length: labels }, (_, row) => row + first);
    const spine = writeParquet([
      { name: 'driver_id', type: 'int64', values: rows.map(BigInt) },
      { name: 'event_time', type: 'timestamp', values: rows },
      { name: 'fare', type: 'float64', values: rows },
    ]);
    await this.objects.put(spineKey, spine);
  }

  /** Another object of the source: joined from now on, all values are others. */
  async addSourceRows(): Promise<void> {
    const number = (await this.#sourceObjects()) + 1;
    await this.objects.put(`sources/rides/${number}.parquet`, `rows ${number}`);
  }

  /** A build in a process with that hook at each of its calls; its dataset, unless it was killed, and the process. */
  async build(hook: CallHook = neverKilled): Promise<{ dataset: DatasetManifest | undefined; process: MortalPorts }> {
    const process = new MortalPorts(hook);
    const ports = this.#mortal(process);
    try {
      return { dataset: await this.#drive((_, work) => work(ports)), process };
    } catch (error) {
      if (!process.dead) throw error;
      return { dataset: undefined, process };
    }
  }

  /** One build of which a process dies at a boundary; the state machine calls the step again. */
  async buildRetrying(hook: CallHook): Promise<DatasetManifest> {
    let process = new MortalPorts(hook);
    return this.#drive(async (_, work) => {
      try {
        return await work(this.#mortal(process));
      } catch (error) {
        if (!process.dead) throw error;
        process = new MortalPorts(neverKilled);
        return work(this.#mortal(process));
      }
    });
  }

  /** The dataset's values and the bytes of its files: what must not depend on how often it was begun. */
  async content(): Promise<{ readonly datasetId: string; readonly requestId: string; readonly bytes: string[] }> {
    const { datasetId, requestId, files: written } = await readDatasetManifest(this.objects, id);
    const bytes: string[] = [];
    for (const { name } of written) {
      const stored = await this.objects.get(`${files.datasetFolder}${name}`);
      bytes.push(Buffer.from(stored?.body ?? []).toString('base64'));
    }
    return { datasetId, requestId, bytes };
  }

  /** Values of one column over all rows. */
  async column(name: string): Promise<readonly unknown[]> {
    const { files: written } = await readDatasetManifest(this.objects, id);
    const parts = await Promise.all(written.map((file) => readAll(this.objects, `${files.datasetFolder}${file.name}`)));
    return parts.flatMap((part) => part[name] ?? []);
  }

  /** Whether it is listed; a listed one is whole: every file is there with the bytes that its manifest tells, and no other with rows. */
  async expectWholeOrUnlisted(): Promise<boolean> {
    const [listed, ...others] = await listTrainingSets(this.objects);
    expect(others).toEqual([]);
    if (!listed) {
      await expect(readDatasetManifest(this.objects, id)).rejects.toThrow('there is no complete training set "t1"');
      expect((await getTrainingSetRecord(this.records, id))?.state ?? 'queued').not.toBe('succeeded');
      return false;
    }
    expect(listed.rows).toBe(labels);
    const keys: string[] = [];
    for await (const { key } of this.objects.list(files.datasetFolder)) if (!key.endsWith('.json')) keys.push(key);
    const written = listed.files.map(({ name }) => `${files.datasetFolder}${name}`);
    expect(keys.sort()).toEqual(written.sort());
    for (const { name, sha256, sizeBytes } of listed.files) {
      const body = (await this.objects.get(`${files.datasetFolder}${name}`))?.body ?? new Uint8Array();
      expect([name, body.length, createHash('sha256').update(body).digest('hex')]).toEqual([name, sizeBytes, sha256]);
    }
    return true;
  }

  async expectComplete(): Promise<void> {
    expect(await this.expectWholeOrUnlisted()).toBe(true);
    const record = await getTrainingSetRecord(this.records, id);
    expect(record).toMatchObject({ state: 'succeeded', step: 'complete', rows: labels });
  }

  #drive(step: TrainingSetStep): Promise<DatasetManifest> {
    this.#executionCount += 1;
    return driveTrainingSet(step, {
      request: requestOf({ id }),
      execution: `execution-${this.#executionCount}`,
      maximumPartRows: partRows,
      stagesPartByPart: true,
      pollMillis: 0,
    });
  }

  #mortal(process: MortalPorts): TrainingSetPorts {
    const { objects, records, sql } = this.#ports;
    return {
      ...this.#ports,
      objects: mortalObjects(process, objects),
      openBucket: () => mortalObjects(process, objects),
      records: mortalRecords(process, records),
      sql: mortalSql(process, sql),
    };
  }

  /** The first attempt of an execution's join loses a worker half-way. */
  readonly #attempted = new Set<string>();
  #isFirstAttempt(folder: string): boolean {
    const execution = `execution-${this.#executionCount}`;
    const isFirst = !this.#attempted.has(execution) && folder.startsWith(`${objectKeys.training(id)}joined/`);
    this.#attempted.add(execution);
    return isFirst;
  }

  async #sourceObjects(): Promise<number> {
    let count = 0;
    for await (const _ of this.objects.list('sources/rides/')) count += 1;
    return count;
  }

  /** Rows of the staged parts, two files a part, rows backwards: values tell the driver and how many objects the source has. */
  async #joined(folder: string): Promise<WrittenFile[]> {
    const version = BigInt(await this.#sourceObjects());
    const written: WrittenFile[] = [];
    for await (const { key } of this.objects.list(objectKeys.spineParts(id))) {
      const part = /part=(\d+)\//.exec(key)?.[1] ?? '';
      const { row_id: rowIds = [], [spineKeyColumn('driver', 'driver_id')]: drivers = [] } = await readAll(
        this.objects,
        key,
      );
      const rows = rowIds.map((rowId, at) => ({ rowId, driver: drivers[at] ?? null })).reverse();
      for (const [number, own] of [rows.slice(0, 1), rows.slice(1)].entries())
        if (own.length > 0)
          written.push({
            key: `${folder}part=${part}/file-${number}`,
            body: writeParquet([
              { name: 'row_id', type: 'int64', values: own.map(({ rowId }) => rowId) },
              { name: stateColumn(stats), type: 'int32', values: own.map(() => rowStates.present) },
              {
                name: valueColumn(stats, 'trips'),
                type: 'int64',
                values: own.map(({ driver }) => BigInt(Number(driver)) * 100n + version),
              },
              {
                name: valueColumn(stats, 'rating'),
                type: 'float32',
                values: own.map(({ driver }) => Number(driver) / 2),
              },
            ]),
          });
    }
    return written;
  }
}
