import { readFileSync } from 'node:fs';
import { DescribeStreamSummaryCommand, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import type { Target } from '#cli/target.ts';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { unpackProgress } from '#codec/progress.ts';
import { listQuarantine } from '#engine/ingest/quarantine-replay.ts';
import { planServing, type ServePlan } from '#engine/serve/plan.ts';
import { serveFeatures } from '#engine/serve/serve-features.ts';
import { checkout } from '#localstack/paths.ts';
import { findEntity, findStreamSource, findStreamView, viewId } from '#spec/find.ts';
import { tableNames } from '#spec/layout.ts';
import type { StreamView } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { AthenaSqlEngine, createAthenaClient } from '#store/athena/sql-engine.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { type ParquetRow, parquetRows } from '#test/support/parquet-rows.ts';
import { deployDefinitions } from './deploy-definitions.ts';
import { functionName, LocalLambda, type Mapping } from './local-lambda.ts';

/** Of 2013: each has events in every shard. */
const carriers = ['9E', 'AA', 'B6', 'DL', 'EV', 'MQ', 'UA', 'US', 'WN'];

/** Values and statuses of one entity. */
export interface ServedWindows {
  readonly values: readonly Value[];
  readonly status: readonly string[];
}

/** repository/departure-windows.ts deployed to the suite's local cloud, with a hand on its stream and functions. */
export class DeployedDepartures {
  readonly repository: Repository;
  readonly stream: KinesisEventStream;
  readonly lambda: LocalLambda;
  readonly streamArn: string;
  /** Names of the functions that consume the stream. */
  readonly consumers: { readonly aggregate: string; readonly archive: string };
  readonly target: Target;
  readonly #streamName: string;
  readonly #kinesis = createKinesisClient();
  readonly #online: DynamoOnlineRows;
  readonly #objects: S3Objects;
  readonly #items: DynamoWindowItems;
  readonly #checkpoints: DynamoCheckpoints;
  readonly #plans = new Map<StreamView, ServePlan>();

  constructor(deployed: { target: Target; repository: Repository }, streamArn: string, mappings: readonly Mapping[]) {
    const { target, repository } = deployed;
    this.repository = repository;
    this.streamArn = streamArn;
    this.target = target;
    this.#streamName = target.streams.departed ?? '';
    this.stream = new KinesisEventStream({ client: this.#kinesis, streamName: this.#streamName });
    this.lambda = new LocalLambda(target.endpoint ?? '');
    const client = createDynamoClient({ attempts: 1 });
    this.#online = new DynamoOnlineRows({ client, tableName: target.table });
    this.#items = new DynamoWindowItems({ client, tableName: target.table });
    this.#checkpoints = new DynamoCheckpoints(client, target.jobsTable);
    this.#objects = new S3Objects(createS3Client(), target.bucket);
    const named = (batchSize: (size: number) => boolean): string => {
      const mapping = mappings.find(({ BatchSize }) => batchSize(BatchSize));
      if (!mapping) throw new Error(`the stream has mappings ${mappings.map(functionName).join(', ')} only`);
      return functionName(mapping);
    };
    // The archive takes the largest batches there are.
    this.consumers = { aggregate: named((size) => size < 10_000), archive: named((size) => size === 10_000) };
  }

  view(name: string): StreamView {
    return findStreamView(this.repository.manifest, name);
  }

  /** Splits the first open shard and merges two others; consumers learn of it by new mappings. Returns the shards that are closed now. */
  async reshard(): Promise<readonly string[]> {
    const shards = await this.stream.shards();
    const half = (2n ** 125n / 2n).toString(); // inside the first quarter of the hash keys
    const [first = '', second = '', third = ''] = shards;
    const StreamName = this.#streamName;
    await this.#kinesis.send(new SplitShardCommand({ StreamName, ShardToSplit: first, NewStartingHashKey: half }));
    await this.#active();
    await this.#kinesis.send(new MergeShardsCommand({ StreamName, ShardToMerge: second, AdjacentShardToMerge: third }));
    await this.#active();
    await this.recreateMappings();
    return [first, second, third];
  }

  async recreateMappings(): Promise<void> {
    for (const mapping of await this.lambda.mappingsOf(this.streamArn)) await this.lambda.recreate(mapping);
  }

  async #active(): Promise<void> {
    for (;;) {
      const { StreamDescriptionSummary: summary } = await this.#kinesis.send(
        new DescribeStreamSummaryCommand({ StreamName: this.#streamName }),
      );
      if (summary?.StreamStatus === 'ACTIVE') return;
    }
  }

  /** Every record of every shard, closed ones too. */
  async records(): Promise<StreamRecord[]> {
    const all: StreamRecord[] = [];
    for (const shard of await this.stream.shards()) {
      for (let after: string | undefined; ; ) {
        const { records, isAtEnd } = await this.stream.read(shard, after);
        all.push(...records);
        after = records.at(-1)?.sequence ?? after;
        if (isAtEnd) break;
      }
    }
    return all;
  }

  /**
   * Positions in the shards before which a consumer has done everything. The aggregating one may be in the middle of a batch, of at most 500
   * records, beyond the last sequence that it has applied.
   */
  async done(consumer: 'aggregate' | 'archive'): Promise<ReadonlyMap<string, string>> {
    if (consumer === 'archive')
      return new Map(
        [...(await this.#checkpoints.read('archive/departed'))].map(([shard, at]) => [shard, at.sequence]),
      );
    const entity = findEntity(this.repository.manifest, 'carrier');
    const addresses = carriers.map((code) => ({
      entityKey: encodeEntityKey(entity, [code]),
      viewId: viewId(this.view('carrier_windows')),
    }));
    const reached = new Map<string, string>();
    for (const item of await this.#items.read(addresses))
      for (const [shard, { sequence }] of item ? unpackProgress(item.progress).shards : [])
        if (sequence > (reached.get(shard) ?? '')) reached.set(shard, sequence);
    return reached;
  }

  /** What serving answers of entities at an instant. */
  async served(view: StreamView, keys: readonly string[], asOfMillis: number): Promise<readonly ServedWindows[]> {
    const plan = this.#plans.get(view) ?? this.#planFor(view);
    const entity = findEntity(this.repository.manifest, view.entity);
    const rows: ServedWindows[] = [];
    for (let from = 0; from < keys.length; from += 100) {
      const entityKeys = keys.slice(from, from + 100).map((key) => [encodeEntityKey(entity, [key])]);
      const deadlineMillis = Date.now() + 20_000;
      const consistency = 'strong' as const;
      const call = { plan, entityKeys, request: [], asOfMillis, deadlineMillis, consistency };
      rows.push(...(await serveFeatures(this.#online, call)).rows);
    }
    return rows;
  }

  #planFor(view: StreamView): ServePlan {
    const plan = planServing(this.repository, { features: view.features.map(({ name }) => `${view.name}:${name}`) });
    this.#plans.set(view, plan);
    return plan;
  }

  /** Sequences in the event log, one per row. */
  async logged(): Promise<readonly string[]> {
    const sql = new AthenaSqlEngine({
      client: createAthenaClient(),
      workgroupName: this.target.workgroup,
      databaseName: this.target.database,
    });
    const table = `"${this.target.database}"."${tableNames.events({ name: 'departed' })}"`;
    const query = await sql.start(`SELECT "_shard", "_sequence" FROM ${table}`, `logged-${Math.random()}`);
    for (;;) {
      const { state, reason } = await sql.status(query);
      if (state === 'failed' || state === 'cancelled') throw new Error(reason);
      if (state === 'succeeded') break;
    }
    const rows: string[] = [];
    for await (const [shard, sequence] of sql.rows(query)) rows.push(`${shard} ${sequence}`);
    return rows;
  }

  /** Payload and reason of every record in quarantine. */
  async quarantined(): Promise<readonly { readonly payload: string; readonly reason: string }[]> {
    const source = findStreamSource(this.repository.manifest, 'departed');
    const entries: { payload: string; reason: string }[] = [];
    for await (const { entry } of listQuarantine(this.#objects, source))
      entries.push({ payload: entry.payload, reason: entry.reason });
    return entries;
  }
}

/** `stage`: settings besides a short archive window. */
export async function deployDepartures(stage: Readonly<Record<string, number>> = {}): Promise<DeployedDepartures> {
  const settings = { archiveWindowSeconds: 1, ...stage };
  const deployed = await deployDefinitions({ file: 'departure-windows.ts', stage: settings });
  const streamName = deployed.target.streams.departed ?? '';
  const { StreamDescriptionSummary: summary } = await createKinesisClient().send(
    new DescribeStreamSummaryCommand({ StreamName: streamName }),
  );
  const streamArn = summary?.StreamARN ?? '';
  const mappings = await new LocalLambda(deployed.target.endpoint ?? '').mappingsOf(streamArn);
  return new DeployedDepartures(deployed, streamArn, mappings);
}

/** Departures of 2013 in the order in which they left, `count` of them. */
export async function departuresOf2013(count: number): Promise<readonly ParquetRow[]> {
  const file = `${checkout.root}/examples/flights/data/departures.parquet`;
  const rows = await parquetRows(readFileSync(file));
  return rows.sort((a, b) => Number(a.event_timestamp) - Number(b.event_timestamp)).slice(0, count);
}
