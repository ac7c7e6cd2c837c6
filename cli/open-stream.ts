import { TidemarkError } from '#spec/errors.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { EventStream } from '#store/event-stream.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import type { Target } from './target.ts';

/** Opens the streams of a deployment's sources. Throws cli.noStream for a source that the deployment has no stream of. */
export function streamOpener({ streams }: Pick<Target, 'streams'>): (source: StreamSource) => EventStream {
  const client = createKinesisClient();
  return ({ name }) => {
    const streamName = streams[name];
    if (streamName === undefined)
      throw new TidemarkError(
        'cli.noStream',
        `the deployment has no stream ${name}; deploy again with "tidemark deploy"`,
        { kind: 'notFound' },
      );
    return new KinesisEventStream({ client, streamName });
  };
}
