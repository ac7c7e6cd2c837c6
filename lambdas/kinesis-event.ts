import * as z from 'zod/mini';
import { sequenceNumber, sequenceText } from '#semantics/stream/sequence.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamRecord } from '#store/event-stream.ts';

const recordSchema = z.object({
  /** `<shard id>:<sequence number>`. */
  eventID: z.string().check(z.regex(/^[^:]+:\d{1,56}$/)),
  kinesis: z.object({
    sequenceNumber: z.string().check(z.regex(/^\d{1,56}$/)),
    /** Base64. */
    data: z.string(),
    /** Epoch seconds. */
    approximateArrivalTimestamp: z.number().check(z.nonnegative()),
  }),
});

/** What an event source mapping hands to a function: records of one shard, in its order. */
export const kinesisEventSchema = z.object({ Records: z.array(recordSchema) });
type KinesisRecord = z.infer<typeof recordSchema>;

/** Epoch milliseconds, finer ones rounded up. Microseconds are the last that a float64 of seconds tells apart. */
const arrivalMillis = (seconds: number): number => Math.ceil(Math.round(seconds * 1_000_000) / 1000);

const toStreamRecord = ({ eventID, kinesis }: KinesisRecord): StreamRecord => ({
  shard: eventID.slice(0, eventID.indexOf(':')),
  sequence: sequenceText(kinesis.sequenceNumber),
  arrivalMillis: arrivalMillis(kinesis.approximateArrivalTimestamp),
  data: Buffer.from(kinesis.data, 'base64'),
});

/** The records of an invocation, in their order. Throws lambda.badEvent for what no event source mapping sends. */
export function readKinesisEvent(event: unknown): StreamRecord[] {
  const parsed = z.safeParse(kinesisEventSchema, event);
  if (parsed.success) return parsed.data.Records.map(toStreamRecord);
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new TidemarkError('lambda.badEvent', `no event of a Kinesis event source mapping: ${faults.join('; ')}`);
}

/** Partial batch response: Lambda delivers the named record and all after it again; none: the batch is done. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The response that asks for everything from a sequence on (56 digits) again; Lambda knows it as Kinesis gave it, without padding. */
export const batchResponse = (failedFrom: string | undefined): BatchResponse => ({
  batchItemFailures: failedFrom === undefined ? [] : [{ itemIdentifier: sequenceNumber(failedFrom) }],
});
