import { archivedThrough } from '#engine/ingest/archive-progress.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamSource } from '#spec/manifest.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import type { Target } from './target.ts';

/** Tells of a deployment's sources whether their event logs hold all that had arrived by an instant; see archive-progress.ts. */
export function eventLogs(target: Target): (source: StreamSource, arrivalMillis: number) => Promise<boolean> {
  const checkpoints = new DynamoCheckpoints(createDynamoClient(), target.jobsTable);
  const client = createKinesisClient();
  return (source, arrivalMillis) => {
    const streamName = target.streams[source.name];
    if (streamName === undefined)
      throw new TidemarkError(
        'cli.noStream',
        `the deployment has no stream ${source.name}; deploy again with "tidemark deploy"`,
        { kind: 'notFound' },
      );
    return archivedThrough(
      { checkpoints, stream: new KinesisEventStream({ client, streamName }) },
      source,
      arrivalMillis,
    );
  };
}
