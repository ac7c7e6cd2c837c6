import * as z from 'zod/mini';

/** Most events of one request: what Kinesis takes at once. */
export const maximumEvents = 500;
/** Longest body, in UTF-8 bytes. */
export const maximumPushBytes = 5 * 1024 * 1024;
/** By this long after its answer an accepted event counts in what is served, in nearly all cases (p95); no bound on any one event. */
export const visibleWithinMillis = 5000;

/** Body of POST /v1/push/{source}; which fields an event has is told by its source. */
export const pushRequestSchema = z.strictObject({
  events: z
    .array(z.unknown())
    .check(
      z.minLength(1),
      z.maxLength(maximumEvents),
      z.describe("objects with the source's columns; results keep this order"),
    ),
});

const error = z.strictObject({ code: z.string(), message: z.string() });
const count = z.int().check(z.minimum(0));

/** Answer of POST /v1/push/{source}. */
export const pushResponseSchema = z.strictObject({
  results: z.array(
    z.discriminatedUnion('status', [
      z.strictObject({ status: z.literal('accepted'), shard: z.string(), sequence: z.string() }),
      z.strictObject({
        status: z.literal('rejected').check(z.describe('it can never be accepted as it is')),
        error,
      }),
      z.strictObject({
        status: z.literal('failed').check(z.describe('it is not in the stream; push it again')),
        error,
      }),
    ]),
  ),
  accepted: count,
  rejected: count,
  failed: count,
  delivery: z
    .enum(['exactlyOnce', 'atLeastOnce'])
    .check(
      z.describe(
        'exactlyOnce: the source deduplicates, so an event that is pushed again counts once; atLeastOnce: it counts again',
      ),
    ),
  visibleWithinMillis: z
    .int()
    .check(z.describe('accepted events count in served values by then, in nearly all cases (p95)')),
});
export type PushResponse = z.infer<typeof pushResponseSchema>;
