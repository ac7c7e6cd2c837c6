import { beforeAll, describe, expect, it } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { serveFeatures } from '#engine/serve/serve-features.ts';
import type { VerifyReport, VerifyRow } from '#engine/verify/verify.ts';
import { type VerifyPorts, verifyOnline } from '#engine/verify/verify-online.ts';
import type { OnlineRows, ReadOutcome } from '#store/online-rows.ts';
import { IngestWorld } from '#test/support/ingest-world.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import type { OracleRecord } from '../oracle/stream-view.ts';
import { shardsOf } from '../property/ingest/stream-records.ts';
import { putLog } from '../property/stream-store.ts';
import { entity, manifest, recordsOf, sources, start, streamViewCases } from '../property/stream-world.ts';

const minute = 60_000;
/** Of the first answers; the second ones come a minute later. */
const asOfMillis = start + 90 * minute;
const cases = 80;
const source = sources.deduplicated;
const world = streamViewCases.filter(({ sourceName }) => sourceName === 'deduplicated');
const repository = { manifest: { ...manifest, views: world.map(({ view }) => view) }, transforms: {} };

describe('verification of a stream view against its event log', () => {
  let store: OfflineStore;
  let logs: readonly OracleRecord[][];
  let runs = 0;

  beforeAll(async () => {
    const random = new Random(7);
    logs = Array.from({ length: cases }, (_, caseId) => recordsOf(random, caseId, 'deduplicated'));
    store = await createOfflineStore(repository.manifest);
    await putLog(store, source, logs.flat());
  });

  /** Verifies a deployment whose consumer has applied the records that had arrived `lagMillis` before the first answer. */
  async function verified(
    lagMillis: number,
    changed: (row: VerifyRow['served']) => VerifyRow['served'] = (row) => row,
  ): Promise<VerifyReport> {
    const online = new IngestWorld(repository.manifest, source, { handOverBytes: 400 });
    const random = new Random(1);
    const shards = logs.flatMap((records) => shardsOf(random, records)); // each in the order of its arrivals
    const positions = shards.map(() => 0);
    const applyUntil = async (arrivalMillis: number): Promise<void> => {
      for (const [at, shard] of shards.entries()) {
        const batch = shard.slice(positions[at]).filter((record) => record.arrivalMillis <= arrivalMillis);
        if (batch.length === 0) continue;
        online.nowMillis = arrivalMillis;
        await online.consume(batch);
        positions[at] = (positions[at] ?? 0) + batch.length;
      }
    };
    const rows: Pick<OnlineRows, 'read'> = {
      read: async (addresses) =>
        (await online.items.read(addresses)).map(
          (item): ReadOutcome => (item ? { kind: 'found', packed: item.packed } : { kind: 'absent' }),
        ),
    };
    let isFirst = true;
    const ports: VerifyPorts = {
      repository,
      database: store.database,
      objects: store.objects,
      sql: store.sql,
      archivedThrough: async () => true,
      clock: () => asOfMillis,
      progress: () => {},
      serve: async (plan, _refs, entities) => {
        const atMillis = isFirst ? asOfMillis : asOfMillis + minute;
        await applyUntil(isFirst ? atMillis - lagMillis : atMillis);
        isFirst = entities.length === 100; // the questions come in hundreds, of which only the last is not full
        const entityKeys = entities.map((keys) => [
          encodeEntityKey(
            entity,
            entity.keys.map(({ name }) => keys[name] ?? null),
          ),
        ]);
        const call = { asOfMillis: atMillis, deadlineMillis: atMillis + 5000, consistency: 'eventual' } as const;
        const served = await serveFeatures(rows, { plan, entityKeys, request: [], ...call });
        return { asOfMillis: atMillis, rows: served.rows.map(changed) };
      },
    };
    const [one] = world;
    const id = `t${runs++}`;
    const views = one ? [one.view] : [];
    return verifyOnline(ports, { entity: entity.name, views, limit: 1000, id, maximumWaitMillis: 1000 });
  }

  it('finds every value equal, of entities whose windows are filled and of those whose are empty', async () => {
    const report = await verified(0);
    expect(report.mismatches).toEqual([]);
    expect(report).toMatchObject({ mismatchCount: 0, lateCount: 0 });
    expect(report.entities).toBeGreaterThan(100);
    expect(report.statuses.PRESENT).toBeGreaterThan(100);
    expect(report.statuses.DEFAULT).toBeGreaterThan(100);
  });

  it('counts as late what a consumer that is behind had not applied, and nothing as wrong', async () => {
    const report = await verified(9 * minute);
    expect(report.mismatches).toEqual([]);
    expect(report.lateCount).toBeGreaterThan(0);
  });

  it('counts as wrong what stays different, whether or not events were on their way', async () => {
    const { mismatchCount, lateCount, checked } = await verified(0, ({ values, status }) => ({
      values: values.map((value) => (typeof value === 'bigint' ? value + 1n : value)),
      status,
    }));
    expect(mismatchCount).toBeGreaterThan(100);
    expect(mismatchCount).toBeLessThan(checked);
    expect(lateCount).toBe(0);
  });
});
