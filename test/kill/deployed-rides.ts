import { setTimeout as wait } from 'node:timers/promises';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Target } from '#cli/target.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { tableNames } from '#spec/layout.ts';
import type { BatchView, Manifest } from '#spec/manifest.ts';
import { AthenaSqlEngine, createAthenaClient } from '#store/athena/sql-engine.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import type { Locks } from '#store/locks.ts';
import type { Objects } from '#store/objects.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import type { Records } from '#store/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { deployDefinitions } from './deploy-definitions.ts';

/** A published row of a view of repository/rides.ts. */
export interface PublishedRow {
  readonly rider: bigint;
  readonly tickMillis: number;
  readonly run: number;
  readonly rides: bigint;
  readonly dearest: bigint | null;
}

export interface Ended {
  readonly status: string;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly output: unknown;
}

/** repository/rides.ts deployed to the suite's local cloud under a project name of its own. */
export class DeployedRides {
  readonly target: Target;
  readonly manifest: Manifest;
  readonly objects: Objects;
  readonly online: OnlineRows;
  readonly locks: Locks;
  readonly records: Records;
  readonly #sql: AthenaSqlEngine;
  readonly #sfn = new SFNClient({});

  constructor(target: Target, manifest: Manifest) {
    this.target = target;
    this.manifest = manifest;
    const dynamo = createDynamoClient();
    this.objects = new S3Objects(createS3Client(), target.bucket);
    this.online = new DynamoOnlineRows({ client: dynamo, tableName: target.table });
    this.locks = new DynamoLocks(dynamo, target.jobsTable);
    this.records = new DynamoRecords(dynamo, target.jobsTable);
    this.#sql = new AthenaSqlEngine({
      client: createAthenaClient(),
      workgroupName: target.workgroup,
      databaseName: target.database,
    });
  }

  async putRows(key: string, columns: readonly TypedColumn[]): Promise<void> {
    await this.objects.put(key, writeParquet(columns));
  }

  /** Starts a run; the execution's ARN. */
  async start(input: { readonly view: string; readonly from?: number; readonly to?: number }): Promise<string> {
    const stateMachineArn = this.target.materializeStateMachine;
    const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    return (await this.#sfn.send(command)).executionArn ?? '';
  }

  /** False when it had ended before. */
  async stop(executionArn: string): Promise<boolean> {
    const { status } = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING') return false;
    await this.#sfn.send(new StopExecutionCommand({ executionArn }));
    return true;
  }

  async ended(executionArn: string): Promise<Ended> {
    for (;;) {
      const found = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
      const { status = '', error, cause, output } = found;
      if (status !== 'RUNNING') return { status, error, cause, output: output ? JSON.parse(output) : undefined };
      await wait(250);
    }
  }

  async run(input: { readonly view: string; readonly from?: number; readonly to?: number }): Promise<Ended> {
    return this.ended(await this.start(input));
  }

  /** What a reader of the feature rows sees now. */
  async published(view: BatchView): Promise<PublishedRow[]> {
    const { database } = this.target;
    const query = await this.#sql.start(
      `SELECT r."rider_id", date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000', r."_event_time"), r."run", r."rides_3h", r."dearest_3h"
FROM "${database}"."${tableNames.rows(view)}" r
JOIN "${database}"."${tableNames.published(view)}" p ON p."dt" = r."dt" AND p."run" = r."run"`,
      `published-${view.name}-${Math.random()}`,
    );
    for (;;) {
      const { state, reason } = await this.#sql.status(query);
      if (state === 'failed' || state === 'cancelled') throw new Error(reason);
      if (state === 'succeeded') break;
      await wait(100);
    }
    const rows: PublishedRow[] = [];
    for await (const [rider, tick, run, rides, dearest] of this.#sql.rows(query))
      rows.push({
        rider: BigInt(rider ?? ''),
        tickMillis: Number(tick),
        run: Number(run),
        rides: BigInt(rides ?? ''),
        dearest: dearest === null || dearest === undefined ? null : BigInt(dearest),
      });
    return rows;
  }
}

export async function deployRides(): Promise<DeployedRides> {
  const { target, repository } = await deployDefinitions({ file: 'rides.ts' });
  return new DeployedRides(target, repository.manifest);
}
