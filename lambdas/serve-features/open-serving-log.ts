import { randomUUID } from 'node:crypto';
import type { z } from 'zod/mini';
import { type ServingLog, servingLog } from '#engine/serving-log/serving-log.ts';
import { emitMetrics, type Telemetry } from '#lambdas/telemetry.ts';
import { type Deployment, dimensions, servingLogMetrics } from '#observe/metric-names.ts';
import { servingLogRuleSchema } from '#spec/serving-log.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import type { environmentSchema } from './environment.ts';

/** Longest that a put waits for its answer. A function that was frozen with a put on its way finds the connection dead, and puts again. */
const requestMillis = 5000;

/** The log of this instance of the function; undefined where the stage declares none. */
export function openServingLog(
  environment: z.infer<typeof environmentSchema>,
  { metrics }: Telemetry,
  deployment: Deployment,
): ServingLog | undefined {
  const { SERVING_LOG_RULE: rule, SERVING_LOG_STREAM: streamName } = environment;
  if (rule === undefined || streamName === undefined) return undefined;
  return servingLog({
    rule: servingLogRuleSchema.parse(JSON.parse(rule)),
    stream: new KinesisEventStream({ client: createKinesisClient({ requestMillis }), streamName }),
    writer: randomUUID(),
    report: ({ logged, dropped }) =>
      emitMetrics(
        metrics,
        [dimensions.deployment(deployment)],
        [
          [servingLogMetrics.logged, logged],
          [servingLogMetrics.dropped, dropped],
        ],
      ),
  });
}
