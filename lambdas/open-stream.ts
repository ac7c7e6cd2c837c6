import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { EventStream } from '#store/event-stream.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';

const namesSchema = z.record(z.string(), z.string());

/** Opens the streams of sources, whose names STREAM_NAMES has as JSON. Throws lambda.noStream for a source that it does not name. */
export function streamOpener(streamNames: string): (source: Pick<StreamSource, 'name'>) => EventStream {
  const names = namesSchema.parse(JSON.parse(streamNames));
  const client = createKinesisClient();
  return ({ name }) => {
    const streamName = names[name];
    if (streamName === undefined)
      throw new TidemarkError('lambda.noStream', `source ${name} has no stream; deploy again`, { kind: 'failed' });
    return new KinesisEventStream({ client, streamName });
  };
}
