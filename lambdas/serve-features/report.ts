import { emitMetrics, type Telemetry } from '#lambdas/telemetry.ts';
import { type Deployment, dimensions, featureStatusMetric, type Metric, serveMetrics } from '#observe/metric-names.ts';
import type { ServeFacts } from './request-server.ts';

/** Writes the metrics of one request, for the deployment and again for the feature service. */
export function serveReporter({ metrics }: Telemetry, deployment: Deployment): (facts: ServeFacts) => void {
  return ({ service, millis, served, refusal, statusCounts }) => {
    const values: (readonly [Metric, number])[] = [
      [serveMetrics.requests, 1],
      [serveMetrics.handlerMillis, millis],
    ];
    if (refusal === 'forbidden') values.push([serveMetrics.forbidden, 1]);
    if (refusal === 'throttled') values.push([serveMetrics.throttled, 1]);
    if (served) {
      const { cacheHits, reads } = served.counts;
      if (cacheHits !== undefined)
        values.push([serveMetrics.cacheHits, cacheHits], [serveMetrics.cacheMisses, reads - cacheHits]);
      values.push([serveMetrics.entities, served.rows.length], [serveMetrics.storeMillis, served.storeMillis]);
      values.push([serveMetrics.partial, served.partial ? 1 : 0]);
      if (served.counts.unknownLayouts > 0) values.push([serveMetrics.unknownLayouts, served.counts.unknownLayouts]);
      if (served.counts.transformErrors > 0) values.push([serveMetrics.transformErrors, served.counts.transformErrors]);
    }
    for (const [status, count] of statusCounts) values.push([featureStatusMetric(status), count]);
    const sets = [dimensions.deployment(deployment), ...(service ? [dimensions.service(deployment, service)] : [])];
    emitMetrics(metrics, sets, values);
  };
}
