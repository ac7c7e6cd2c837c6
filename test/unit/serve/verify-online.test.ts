import { beforeEach, describe, expect, it } from 'vitest';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { type ServedBatch, type VerifyPorts, verifyOnline } from '#engine/verify/verify-online.ts';
import { rowStates, stateColumn, valueColumn } from '#sql/training-set-sql.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import type { QueryStatus, SqlEngine } from '#store/sql-engine.ts';
import { live, now, repository } from './stream-world.ts';

/** Drivers of the test: the number of rides that the offline store knows at any instant, and what is served, answer by answer. */
interface Driver {
  readonly id: bigint;
  readonly offline: bigint;
  /** One per question; the last one is repeated. */
  readonly served: readonly bigint[];
  /** An event of the driver arrived about the first answer. */
  readonly hasArrival?: boolean;
}

const view = { ...live, features: live.features.slice(0, 1) };
const manifest = { ...repository.manifest, views: [view] };

/** Answers statements by the folder that they unload to; it reads no SQL, which is tested on the real engine. */
class ScriptedSql implements SqlEngine {
  readonly folders: string[] = [];
  readonly #objects: MemoryObjects;
  readonly #answer: (folder: string) => readonly TypedColumn[];

  constructor(objects: MemoryObjects, answer: (folder: string) => readonly TypedColumn[]) {
    this.#objects = objects;
    this.#answer = answer;
  }

  async start(sql: string): Promise<string> {
    const folder = /\nTO 's3:\/\/memory\/([^']+)'/.exec(sql)?.[1] ?? '';
    this.folders.push(folder);
    await this.#objects.put(`${folder}part-0`, writeParquet(this.#answer(folder)));
    await this.#objects.put(`results/${folder}`, this.#objects.uri(`${folder}part-0`));
    return folder;
  }

  async status(folder: string): Promise<QueryStatus> {
    return { state: 'succeeded', bytesScanned: 0, millis: 0, manifestUri: this.#objects.uri(`results/${folder}`) };
  }

  async stop(): Promise<void> {}
  async *rows(): AsyncIterable<readonly (string | null)[]> {}
}

let sql: ScriptedSql;
let questions: (readonly bigint[])[];
let clockMillis: number;
let archivedAfterLooks: number;
beforeEach(() => {
  questions = [];
  clockMillis = now;
  archivedAfterLooks = 0;
});

function portsOver(drivers: readonly Driver[]): VerifyPorts {
  const objects = new MemoryObjects();
  const byId = new Map(drivers.map((driver) => [driver.id, driver]));
  const int64 = (name: string, values: readonly bigint[]): TypedColumn => ({ name, type: 'int64', values });
  sql = new ScriptedSql(objects, (folder) => {
    if (folder.endsWith('-keys/'))
      return [
        int64(
          'driver_id',
          drivers.map(({ id }) => id),
        ),
      ];
    const asked = questions.at(-1) ?? [];
    const rowIds = asked.map((_, row) => BigInt(row));
    if (folder.endsWith('-arrivals/'))
      return [
        int64(
          'row_id',
          rowIds.filter((row) => byId.get(asked[Number(row)] ?? 0n)?.hasArrival),
        ),
      ];
    return [
      int64('row_id', rowIds),
      { name: stateColumn(view), type: 'int32', values: asked.map(() => rowStates.present) },
      { name: '_marks_live_v1', type: 'string', values: asked.map(() => null) },
      int64(
        valueColumn(view, 'rides_1h'),
        asked.map((id) => byId.get(id)?.offline ?? 0n),
      ),
    ];
  });
  return {
    repository: { ...repository, manifest },
    database: 'tidemark_test_dev',
    objects,
    sql,
    serve: async (_plan, _refs, entities): Promise<ServedBatch> => {
      const ids = entities.map(({ driver_id }) => BigInt(String(driver_id)));
      const answerOf = (id: bigint): bigint => {
        const served = byId.get(id)?.served ?? [];
        return served[Math.min(questions.length, served.length - 1)] ?? 0n;
      };
      const rows = ids.map((id) => ({ values: [answerOf(id)], status: ['PRESENT'] }));
      questions.push(ids);
      return { asOfMillis: clockMillis, rows };
    },
    archivedThrough: async () => archivedAfterLooks-- <= 0,
    clock: () => (clockMillis += 1000),
    progress: () => {},
  };
}

const request = { entity: 'driver', views: [view], limit: 100, id: 'v1', maximumWaitMillis: 60_000 };

describe('verification of views over a stream', () => {
  it('compares the answers once the event log has come to their instants', async () => {
    archivedAfterLooks = 2;
    const ports = portsOver([{ id: 1n, offline: 3n, served: [3n] }]);
    const looks: (readonly string[])[] = [];
    const archivedThrough: VerifyPorts['archivedThrough'] = (source, millis) => {
      looks.push([...sql.folders]);
      expect([source.name, millis]).toEqual(['rides', now]);
      return ports.archivedThrough(source, millis);
    };
    const report = await verifyOnline({ ...ports, archivedThrough }, request);
    expect(report).toMatchObject({ entities: 1, checked: 1, mismatchCount: 0, lateCount: 0 });
    expect(looks).toHaveLength(3);
    expect(looks.flat().filter((folder) => folder.endsWith('-rows/'))).toEqual([]);
  });

  it('gives up when the event log does not come to them in time', async () => {
    archivedAfterLooks = 1000;
    const ports = portsOver([{ id: 1n, offline: 3n, served: [3n] }]);
    await expect(verifyOnline(ports, { ...request, maximumWaitMillis: 1500 })).rejects.toMatchObject({
      code: 'verify.archiveBehind',
      kind: 'unavailable',
    });
  });

  it('counts as late what differed, agrees when asked again, and had events on their way', async () => {
    const report = await verifyOnline(
      portsOver([
        { id: 1n, offline: 3n, served: [2n, 3n], hasArrival: true },
        { id: 2n, offline: 5n, served: [5n] },
      ]),
      request,
    );
    expect(report).toMatchObject({ checked: 2, mismatchCount: 0, lateCount: 1, mismatches: [] });
    expect(questions.map((ids) => ids.length)).toEqual([2, 1]);
  });

  it('counts as wrong what differs again', async () => {
    const report = await verifyOnline(
      portsOver([{ id: 1n, offline: 3n, served: [2n, 2n], hasArrival: true }]),
      request,
    );
    expect(report).toMatchObject({ mismatchCount: 1, lateCount: 0 });
    expect(report.mismatches).toMatchObject([{ offline: { value: 3n }, served: { value: 2n } }]);
  });

  it('counts as wrong what differs though nothing was on its way, whatever a second answer would say', async () => {
    const report = await verifyOnline(portsOver([{ id: 1n, offline: 3n, served: [2n, 3n] }]), request);
    expect(report).toMatchObject({ mismatchCount: 1, lateCount: 0 });
    expect(questions).toHaveLength(1);
  });
});
