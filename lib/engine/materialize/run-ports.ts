import type { Manifest } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import type { Executions } from '#store/executions.ts';
import type { Locks } from '#store/locks.ts';
import type { Objects } from '#store/objects.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import type { Partitions } from '#store/partitions.ts';
import type { Records } from '#store/records.ts';
import type { SqlEngine } from '#store/sql-engine.ts';

/** What the steps of a materialization run ask of the world; each step takes the part that it needs. */
export interface RunPorts {
  readonly manifest: Manifest;
  /** Glue database of the deployment. */
  readonly database: string;
  /** The deployment's bucket. */
  readonly objects: Objects;
  /** Any other bucket that a source lies in. */
  readonly openBucket: (bucket: string) => Objects;
  readonly locks: Locks;
  readonly executions: Executions;
  readonly records: Records;
  readonly sql: SqlEngine;
  readonly partitions: Partitions;
  readonly online: OnlineRows;
  readonly clock: Clock;
}
