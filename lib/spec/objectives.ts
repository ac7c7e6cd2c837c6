import * as z from 'zod/mini';

/** A share that is to be good. Below 0.95 an alarm at 14.4 times its budget would hardly ever be reached; above 0.9999 one failure a day is. */
const share = z.number().check(z.minimum(0.95), z.maximum(0.9999));
const millis = z.number().check(z.gt(0), z.maximum(10_000));

/** What a stage promises its callers: docs/service-levels.md says how each is measured. Each latency is one of which 99 % stay within. */
export const objectivesSchema = z.strictObject({
  /** Requests that are not answered with 5xx. */
  availability: z._default(share, 0.999),
  /** Reading the online store, retries included. */
  storeMillis: z._default(millis, 10),
  /** The handler of POST /v1/online-features, the store included. */
  handlerMillis: z._default(millis, 25),
  /** POST /v1/online-features as API Gateway sees it. */
  httpsMillis: z._default(millis, 50),
  /** Stored values that were served within their ttl. */
  freshness: z._default(share, 0.99),
  /** Values that were there, or have a declared default. */
  completeness: z._default(share, 0.95),
});
export type Objectives = z.infer<typeof objectivesSchema>;
