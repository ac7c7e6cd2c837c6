import type { StreamSource } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import type { Clock } from '#store/clock.ts';
import type { Objects } from '#store/objects.ts';
import type { Records } from '#store/records.ts';
import type { SqlEngine } from '#store/sql-engine.ts';

/** What the steps of a training set ask of the world; each step takes the part that it needs. */
export interface TrainingSetPorts {
  readonly repository: Repository;
  /** Glue database of the deployment. */
  readonly database: string;
  /** The deployment's bucket. */
  readonly objects: Objects;
  /** Any other bucket that a source lies in. */
  readonly openBucket: (bucket: string) => Objects;
  readonly records: Records;
  /** Whether the event log of a source holds every record that had arrived by then (epoch milliseconds, inclusive, passed). */
  readonly archivedThrough: (source: StreamSource, arrivalMillis: number) => Promise<boolean>;
  readonly sql: SqlEngine;
  readonly clock: Clock;
}
