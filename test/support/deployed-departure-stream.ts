import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFile } from '#cli/commands/load.ts';
import { buildTrainingSet } from '#cli/commands/training-set.ts';
import { type Connections, connect } from '#cli/connections.ts';
import { findFileSource } from '#cli/load/file-source.ts';
import { departuresFile } from '#cli/quickstart/flights-data.ts';
import type { Target } from '#cli/target.ts';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { recordAcceptor } from '#engine/ingest/accept-record.ts';
import { type AggregateCounts, type AggregatePorts, aggregateBatch } from '#engine/ingest/aggregate-batch.ts';
import { type ArchivedBatch, eventArchiver } from '#engine/ingest/archive-batch.ts';
import { createCutReader } from '#engine/ingest/cuts.ts';
import { defaultHandOver } from '#engine/ingest/hand-over-rule.ts';
import { viewsOfSource } from '#engine/ingest/source-views.ts';
import { planServing, type ServePlan } from '#engine/serve/plan.ts';
import { serveFeatures } from '#engine/serve/serve-features.ts';
import { findStreamSource } from '#spec/find.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { createGlueClient, GluePartitions } from '#store/glue/partitions.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import { MemoryExecutions } from '#store/memory/executions.ts';
import { MemoryLocks } from '#store/memory/locks.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { deployDefinitions } from '../kill/deploy-definitions.ts';
import { driveBackfill } from '../kill/drive-backfill.ts';
import { type ParquetRow, parquetRows } from './parquet-rows.ts';

/** Records of all shards that one round of invocations takes, at most: about four days' and half a day's. */
const archivedAtOnce = 4000;
const arrivedAtOnce = 500;

export interface TrainingSetChoice {
  readonly spine: string;
  readonly features: readonly string[];
  readonly mode: 'asServed' | 'eventTime';
  readonly lagMillis: number;
}

/**
 * The stream of e2e/repository/departures-from-june.ts deployed to the suite's cloud. Its consumers and its backfill are run in this process, with
 * the instants of 2013 as their clock, over the deployment's own bucket, catalogue, query engine and tables.
 */
export class DeployedDepartureStream {
  readonly repository: Repository;
  readonly source: StreamSource;
  /** Epoch milliseconds: nothing that arrives later has been applied online. */
  nowMillis = 0;
  readonly #target: Target;
  readonly #connections: Connections;
  readonly #checkpoints: DynamoCheckpoints;
  readonly #online: DynamoOnlineRows;
  readonly #items: DynamoWindowItems;
  readonly #aggregate: AggregatePorts;
  #batches = 0;

  constructor({ target, repository }: { readonly target: Target; readonly repository: Repository }) {
    const { manifest } = repository;
    this.repository = repository;
    this.source = findStreamSource(manifest, 'departure_events');
    this.#target = target;
    this.#connections = connect(target);
    this.#checkpoints = new DynamoCheckpoints(createDynamoClient(), target.jobsTable);
    const table = { client: createDynamoClient({ attempts: 1 }), tableName: target.table };
    this.#online = new DynamoOnlineRows({ ...table, attemptMillis: 10_000 });
    this.#items = new DynamoWindowItems(table);
    const views = viewsOfSource(manifest, this.source);
    const clock = (): number => this.nowMillis;
    const { objects } = this.#connections;
    this.#aggregate = {
      items: this.#items,
      online: this.#online,
      cuts: createCutReader(
        { objects, clock },
        this.source,
        views.windowed.map(({ id }) => id),
      ),
      clock,
      views,
      rules: { source: this.source, retentionMillis: 24 * 3_600_000, handOver: defaultHandOver },
      accept: recordAcceptor(manifest, this.source),
    };
  }

  /** Puts the history where its owner would, by the command for it. */
  async loadHistory(): Promise<void> {
    const source = findFileSource(this.repository.manifest, this.source.name);
    await loadFile(this.#connections.objects, { source, file: departuresFile, shiftMillis: 0 });
  }

  /** Archives the records batch by batch; every tenth is delivered again. */
  async archive(records: readonly StreamRecord[]): Promise<readonly ArchivedBatch[]> {
    const archive = eventArchiver(
      {
        manifest: this.repository.manifest,
        objects: this.#connections.objects,
        checkpoints: this.#checkpoints,
        partitions: new GluePartitions(createGlueClient(), this.#target.database),
      },
      this.source,
    );
    const batches: ArchivedBatch[] = [];
    for (let from = 0; from < records.length; from += archivedAtOnce) {
      batches.push(await archive(records.slice(from, from + archivedAtOnce)));
      if (batches.length % 10 === 0) batches.push(await archive(records.slice(from, from + archivedAtOnce)));
    }
    return batches;
  }

  /** A training set through the deployment's state machine: its rows in the order of the spine. */
  async trainingSet({ spine, features, mode, lagMillis }: TrainingSetChoice): Promise<readonly ParquetRow[]> {
    const out = mkdtempSync(join(tmpdir(), 'tidemark-training-set-'));
    await buildTrainingSet(this.#connections, this.#target, {
      id: `stream-${randomUUID().slice(0, 8)}`,
      spine: { file: spine },
      choice: { features: [...features], mode, lagMillis },
      out,
    });
    const files = readdirSync(out).filter((name) => name.endsWith('.parquet'));
    const rows: ParquetRow[] = [];
    for (const name of files.sort()) rows.push(...(await parquetRows(readFileSync(join(out, name)))));
    rmSync(out, { recursive: true });
    return rows;
  }

  /** Brings a view's history online; time passes where it has to. */
  backfill(view: string): Promise<'succeeded' | 'nothing' | 'failed'> {
    const { objects, sql } = this.#connections;
    const executions = new MemoryExecutions();
    const execution = `${this.#target.backfillStateMachine}:${view}`;
    executions.start(execution);
    const streamName = this.#target.streams[this.source.name] ?? '';
    const ports = {
      manifest: this.repository.manifest,
      database: this.#target.database,
      objects,
      sql,
      locks: new MemoryLocks(),
      executions,
      records: new MemoryRecords(),
      online: this.#online,
      items: this.#items,
      checkpoints: this.#checkpoints,
      openStream: () => new KinesisEventStream({ client: createKinesisClient(), streamName }),
      clock: () => this.nowMillis,
      cutAheadMillis: 0,
    };
    const wait = async (seconds: number): Promise<void> => {
      this.nowMillis += seconds * 1000;
    };
    return driveBackfill((_state, work) => work(ports), { view, execution, wait });
  }

  /** The live stream applies records that have just arrived, its shards at once; every tenth batch is delivered again. */
  async apply(records: readonly StreamRecord[], nowMillis: number): Promise<AggregateCounts[]> {
    this.nowMillis = nowMillis;
    const counts: AggregateCounts[] = [];
    // No shard is ahead of another by longer than the stream keeps records.
    for (let from = 0; from < records.length; from += arrivedAtOnce) {
      const shards = Map.groupBy(records.slice(from, from + arrivedAtOnce), ({ shard }) => shard);
      counts.push(...(await Promise.all([...shards.values()].map((ofShard) => this.#applyBatch(ofShard)))));
    }
    return counts;
  }

  async #applyBatch(records: readonly StreamRecord[]): Promise<AggregateCounts> {
    const batch = { records, deadlineMillis: Number.POSITIVE_INFINITY };
    const result = await aggregateBatch(this.#aggregate, batch);
    if (this.#batches++ % 10 === 0) await aggregateBatch(this.#aggregate, batch);
    if (result.failedFrom !== undefined) throw new Error('a batch was handed back', { cause: result.failure });
    return result.counts;
  }

  plan(features: readonly string[]): ServePlan {
    return planServing(this.repository, { features: [...features] });
  }

  /** What serving answers of a label's entities at this very moment, by result name. */
  async served(plan: ServePlan, labels: readonly ParquetRow[]): Promise<Readonly<Record<string, Value>>[]> {
    const entityKeys = labels.map((label) =>
      plan.entities.map((entity) =>
        encodeEntityKey(
          entity,
          entity.keys.map(({ name }) => label[name] ?? null),
        ),
      ),
    );
    const { rows, partial } = await serveFeatures(this.#online, {
      plan,
      entityKeys,
      request: [],
      asOfMillis: this.nowMillis,
      deadlineMillis: Date.now() + 60_000,
      consistency: 'strong',
    });
    if (partial) throw new Error('not every item could be read');
    return rows.map(({ values }) => Object.fromEntries(plan.names.map((name, at) => [name, values[at] ?? null])));
  }
}

export async function deployDepartureStream(): Promise<DeployedDepartureStream> {
  const definitions = new URL('../e2e/repository/departures-from-june.ts', import.meta.url);
  return new DeployedDepartureStream(await deployDefinitions({ file: definitions.href }));
}
