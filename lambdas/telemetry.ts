import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { type Deployment, type Metric, metricNamespace } from '#observe/metric-names.ts';

export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const ignore = (): void => undefined;
/** Powertools would warn, on every line, that two dimension sets name one dimension: which is what nested sets are. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Structured JSON logs and embedded metrics of a function; `job` is its folder's name (`serve-features`). Powertools' own `service`
 * dimension is taken away: metrics have the dimension sets of lib/observe and no others.
 */
export function createTelemetry(job: string, { project, stage }: Deployment): Telemetry {
  const metrics = new Metrics({ namespace: metricNamespace, logger: silent });
  metrics.clearDefaultDimensions();
  return { logger: new Logger({ serviceName: job, persistentLogAttributes: { project, stage } }), metrics };
}

/** One embedded metrics line: every value under every dimension set. */
export function emitMetrics(
  metrics: Metrics,
  dimensionSets: readonly Readonly<Record<string, string>>[],
  values: readonly (readonly [Metric, number])[],
): void {
  for (const set of dimensionSets) metrics.addDimensions(set);
  for (const [{ name, unit }, value] of values) metrics.addMetric(name, unit, value);
  metrics.publishStoredMetrics();
}
