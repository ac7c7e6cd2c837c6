import { archivedThrough } from '#engine/ingest/archive-progress.ts';
import type { StreamSource } from '#spec/manifest.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { streamOpener } from './open-stream.ts';
import type { Target } from './target.ts';

/** Tells of a deployment's sources whether their event logs hold all that had arrived by an instant; see archive-progress.ts. */
export function eventLogs(target: Target): (source: StreamSource, arrivalMillis: number) => Promise<boolean> {
  const checkpoints = new DynamoCheckpoints(createDynamoClient(), target.jobsTable);
  const openStream = streamOpener(target);
  return (source, arrivalMillis) => archivedThrough({ checkpoints, stream: openStream(source) }, source, arrivalMillis);
}
