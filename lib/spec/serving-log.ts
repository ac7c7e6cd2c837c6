import * as z from 'zod/mini';
import type { StreamSource } from './manifest.ts';

const column = (name: string, type: StreamSource['schema'][number]['type']): StreamSource['schema'][number] => ({
  name,
  type,
});

/**
 * The serving log as a stream source of our own: the archive of streams keeps it, exactly once, under `events/serving.log/`. The point in
 * its name keeps it, its stream and its folder apart from all that users can name. One record is one row of one answer.
 */
export const servingLogSource: StreamSource = {
  kind: 'stream',
  name: 'serving.log',
  schema: [
    /** The instance of the serving function, by a random id, and its rows counted from 0: what is missing in between was lost. */
    column('writer', 'string'),
    column('number', 'int64'),
    column('service', 'string'),
    column('version', 'int32'),
    column('definition_hash', 'string'),
    /** What the values mean, in their order: vectorHash of the answers of vectors and of training sets. */
    column('vector_hash', 'string'),
    column('request_id', 'string'),
    /** The instant of the answer. */
    column('as_of', 'timestamp'),
    /** Some keys of the answer could not be read in time. */
    column('partial', 'bool'),
    /** JSON objects in the form of the HTTP API: keys, request fields (null without any), values by result name. */
    column('entity', 'string'),
    column('request', 'string'),
    column('features', 'string'),
    /** JSON object: the statuses other than PRESENT, by result name; null where there is none. */
    column('statuses', 'string'),
  ],
  eventTime: 'as_of',
  /** Clocks of Lambda and Kinesis never differ so much; a row that says so is put into quarantine. */
  allowedSkewMillis: 3_600_000,
  partitionBy: ['writer'],
  entities: [],
  hashed: [],
  description: 'answers of the serving API',
  tags: {},
};

/**
 * Which answers of a deployment are logged. `sample`: the share of requests; `services`: names or `name@version`, absent: all. Requests
 * that list features are never logged.
 */
export const servingLogRuleSchema = z.strictObject({
  sample: z.number().check(z.gt(0), z.lte(1)),
  services: z.optional(z.array(z.string()).check(z.minLength(1))),
});
export type ServingLogRule = z.infer<typeof servingLogRuleSchema>;

/** The serving log as a stage declares it. */
export const servingLogSchema = z.strictObject({
  ...servingLogRuleSchema.shape,
  /** Days after which files of the log are deleted. */
  retentionDays: z._default(z.int().check(z.minimum(1), z.maximum(3653)), 90),
  /** Shards of a provisioned stream, each of 1,000 rows or 1 MB a second; absent: on demand. */
  shards: z.optional(z.int().check(z.positive())),
});
