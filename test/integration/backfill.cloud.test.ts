import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import type { BackfillPorts } from '#engine/backfill/backfill-ports.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import { viewId } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Manifest, TableView } from '#spec/manifest.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { MemoryExecutions } from '#store/memory/executions.ts';
import { MemoryLocks } from '#store/memory/locks.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { createTable } from '#test/contract/cloud-table.ts';
import { IngestWorld, readPair } from '#test/support/ingest-world.ts';
import { tableViewOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import { randomSettings } from '#test/support/seed.ts';
import { driveBackfill } from '../kill/drive-backfill.ts';
import { countedEvents, type OracleRecord, streamFeatureAt } from '../oracle/stream-view.ts';
import { shardsOf } from '../property/ingest/stream-records.ts';
import { putHistory, putLog } from '../property/stream-store.ts';
import {
  entity,
  oracleStreams,
  recordsOf,
  type SourceName,
  type StreamViewCase,
  sources,
  start,
  manifest as streamManifest,
  streamViewCases,
} from '../property/stream-world.ts';

// The whole way through the local Athena and DynamoDB: log and history, statement, split, merge, and the live stream beside it.
const { seed, cases, again } = randomSettings(120);
const hour = 3_600_000;
const latest: TableView = tableViewOf(
  'latest',
  [
    { name: 'word', type: 'string' },
    { name: 'big', type: 'int64' },
  ],
  { entity: 'log', source: 'deduplicated' },
);
const manifest: Manifest = { ...streamManifest, views: [...streamManifest.views, latest] };
const names = ['seamed', 'deduplicated'] as const;

let store: OfflineStore;
let items: DynamoWindowItems;
let online: DynamoOnlineRows;
const records: Record<SourceName, OracleRecord[]> = { seamed: [], deduplicated: [] };
const shards: Record<SourceName, StreamRecord[][]> = { seamed: [], deduplicated: [] };

beforeAll(async () => {
  const random = new Random(seed);
  store = await createOfflineStore(manifest);
  const client = createDynamoClient({ attempts: 1 });
  const table = { client, tableName: await createTable(client) };
  items = new DynamoWindowItems(table);
  online = new DynamoOnlineRows(table);
  for (const name of names) {
    const all = Array.from({ length: cases }, (_, caseId) => recordsOf(random, caseId, name)).flat();
    records[name] = all.sort((a, b) => (a.arrival ?? 0) - (b.arrival ?? 0));
    shards[name] = shardsOf(random, records[name]).map((shard) =>
      shard.map((record, at) => ({ ...record, sequence: String(at + 1).padStart(56, '0') })),
    );
    await putLog(store, sources[name], records[name]);
    await putHistory(store, sources[name], records[name]);
  }
});

/** One deployment's view of a source: the live stream over the shared items, and backfills beside it. */
class Deployment {
  nowMillis: number;
  readonly runRecords = new MemoryRecords();
  readonly #live: IngestWorld;
  readonly #left: StreamRecord[][];
  readonly #ports: BackfillPorts;
  readonly #executions = new MemoryExecutions();

  constructor(name: SourceName, nowMillis: number) {
    this.nowMillis = nowMillis;
    this.#live = new IngestWorld(manifest, sources[name]);
    this.#left = shards[name].map((shard) => [...shard]);
    this.#ports = {
      manifest,
      database: store.database,
      objects: store.objects,
      locks: new MemoryLocks(),
      executions: this.#executions,
      records: this.runRecords,
      sql: store.sql,
      online,
      items,
      checkpoints: new MemoryCheckpoints(),
      // The log holds every record from the start: no shard has anything left.
      openStream: () => ({
        put: async () => [],
        shards: async () => [],
        read: async () => ({ records: [], isAtEnd: true }),
      }),
      clock: () => this.nowMillis,
      cutAheadMillis: 1000,
    };
  }

  async cut(cuts: Readonly<Record<string, { run: number; cutMillis: number }>>): Promise<void> {
    await store.objects.put(objectKeys.cuts(this.#live.source), JSON.stringify({ views: cuts }));
  }

  /** The live stream applies everything that has arrived by now. */
  async live(): Promise<void> {
    const cuts = await store.objects.get(objectKeys.cuts(this.#live.source));
    if (cuts) await this.#live.objects.put(objectKeys.cuts(this.#live.source), cuts.body);
    this.#live.nowMillis = this.nowMillis;
    await Promise.all(
      this.#left.map(async (shard) => {
        const until = shard.findIndex(({ arrivalMillis }) => arrivalMillis > this.nowMillis);
        const arrived = shard.splice(0, until < 0 ? shard.length : until);
        while (arrived.length > 0) {
          const { result } = await this.#live.consume(arrived.splice(0, 50), { items });
          if (result === 'killed' || result.failedFrom !== undefined) throw new Error('handed back', { cause: result });
        }
      }),
    );
  }

  async backfill(view: string, { rebuild = false } = {}): Promise<string> {
    const execution = `execution-${randomUUID()}`;
    this.#executions.start(execution);
    const wait = async (seconds: number): Promise<void> => {
      this.nowMillis += seconds * 1000;
      if (view !== latest.name) await this.live();
    };
    const outcome = await driveBackfill((_state, work) => work(this.#ports), { view, rebuild, execution, wait });
    this.#executions.stop(execution);
    return outcome;
  }

  /** Differences between what a reader finds now and the oracle, over every entity; and how many values are there. */
  async compared(one: StreamViewCase): Promise<{ readonly differences: string[]; readonly present: number }> {
    const target = this.#live.view(one.view.name);
    const own = Map.groupBy(countedEvents(records[one.sourceName], oracleStreams[one.sourceName]), ({ key }) => key);
    const limit = one.maxEvents === undefined ? {} : { maxEvents: one.maxEvents };
    const differences: string[] = [];
    let present = 0;
    for (const key of new Set(records[one.sourceName].map((record) => record.key))) {
      if (key === null) continue;
      const [caseId, part] = JSON.parse(key);
      const entityKey = encodeEntityKey(entity, [BigInt(caseId), part]);
      const [head, closed] = await items.read(
        [target.headKey, target.closedKey].map((sk) => ({ entityKey, viewId: sk })),
      );
      const actual = readPair(target, { head: head?.packed, closed: closed?.packed }, this.nowMillis);
      const cells = one.features.map((feature) =>
        streamFeatureAt(own.get(key) ?? [], feature, { t: this.nowMillis, ...limit }),
      );
      const marks = cells.map(({ mark }) => mark).join('');
      const expected = { kind: 'values', values: cells.map(({ value }) => value), marks };
      if (marks.includes('.')) present++;
      if (text(actual) !== text(expected)) differences.push(`${key}: ${text(actual)}, want ${text(expected)}`);
    }
    return { differences: differences.slice(0, 5), present };
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, member) =>
    typeof member === 'bigint' ? `${member}n` : Object.is(member, -0) ? '-0' : member,
  );

describe(`backfills of random logs through Athena and DynamoDB (${again})`, () => {
  // First: nothing of the live stream is online yet.
  it('a table view has the newest event of each entity', async () => {
    const deployment = new Deployment('deduplicated', start + 3 * hour);
    expect(await deployment.backfill('latest')).toBe('succeeded');
    const newest = new Map<string, number>();
    for (const { key, at, from } of countedEvents(records.deduplicated, oracleStreams.deduplicated, 'all'))
      if (key !== null && from <= deployment.nowMillis) newest.set(key, Math.max(at, newest.get(key) ?? at));
    expect(newest.size).toBeGreaterThan(cases / 10);
    const addresses = [...newest.keys()].map((key) => {
      const [caseId, part] = JSON.parse(key);
      return { entityKey: encodeEntityKey(entity, [BigInt(caseId), part]), viewId: viewId(latest) };
    });
    const found = await online.read(addresses, { deadlineMillis: Number.POSITIVE_INFINITY });
    const times = found.map((outcome) =>
      outcome.kind === 'found' ? JSON.parse(outcome.packed.slice(8))[0] : outcome.kind,
    );
    expect(times).toEqual([...newest.values()]);
  });

  it.each(streamViewCases)('$view.name: filled beside the live stream, filled again, rebuilt', async (one) => {
    const deployment = new Deployment(one.sourceName, start + 3 * hour);
    const id = viewId(one.view);
    const others = streamViewCases
      .filter(({ sourceName, view }) => sourceName === one.sourceName && view !== one.view)
      .map(({ view }) => [viewId(view), { run: 9, cutMillis: Number.MAX_SAFE_INTEGER }]);
    await deployment.cut({ ...Object.fromEntries(others), [id]: { run: 1, cutMillis: start + 2 * hour } });

    const [outcome] = await Promise.all([deployment.backfill(one.view.name), deployment.live()]);
    expect(outcome).toBe('succeeded');
    const filled = await deployment.compared(one);
    expect(filled.differences).toEqual([]);
    expect(filled.present).toBeGreaterThan(cases / 10);
    const [record] = await listRunRecords(deployment.runRecords, one.view, 1);
    expect(record?.rowsWritten).toBeGreaterThan(cases / 10);
    expect(record?.bytesScanned).toBeGreaterThan(0);

    expect(await deployment.backfill(one.view.name)).toBe('nothing');
    expect(await deployment.backfill(one.view.name, { rebuild: true })).toBe('succeeded');
    await deployment.live();
    expect((await deployment.compared(one)).differences).toEqual([]);
  });
});
