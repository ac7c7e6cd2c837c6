import type * as z from 'zod/mini';
import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { deployedIdentify, warmIdentify } from '#lambdas/http/identity/deployed-identify.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import type { Repository } from '#spec/transform.ts';
import { BoundedRows } from '#store/bounded-rows.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { signedReads } from '#store/dynamodb/signed-reads.ts';
import { KeptRows } from '#store/kept-rows.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import type { Secrets } from '#store/secrets.ts';
import { environmentSchema } from './environment.ts';
import { probeAddress } from './health-route.ts';
import { openServingLog } from './open-serving-log.ts';
import { serveReporter } from './report.ts';
import { serveRoutes } from './routes.ts';

/** Instead of what the function is told by its environment variables, and of Secrets Manager. */
export interface ServeOutsideLambda {
  readonly environment: z.infer<typeof environmentSchema>;
  readonly secrets: Secrets;
}

/**
 * Wires the serving API: DynamoDB for rows and API tokens, Secrets Manager for the deployment's token, the repository of the bundle for
 * everything else.
 */
export function createHandler(repository: Repository, outside?: ServeOutsideLambda): HttpHandler {
  const environment = outside?.environment ?? readEnvironment(environmentSchema);
  const clock = systemClock;
  const deployment = { project: repository.manifest.project, stage: environment.STAGE_NAME };
  const telemetry = createTelemetry('serve-features', deployment);
  const client = createDynamoClient({ attempts: 1 }); // the adapter retries inside the deadline
  const table = new DynamoOnlineRows({
    client,
    reads: signedReads(client),
    tableName: environment.ONLINE_TABLE_NAME,
  });
  const rows = new KeptRows(new BoundedRows(table, mostReads));
  const identify = deployedIdentify(repository, environment, outside?.secrets);
  const servingLog = openServingLog(environment, telemetry, deployment);
  warmUp(rows);
  warmIdentify(identify);
  return createHttpHandler({
    routes: serveRoutes({ repository, rows, clock, report: serveReporter(telemetry, deployment), servingLog }),
    identify,
    logger: telemetry.logger,
  });
}

/** Reads under way at once, of all requests of the process: as many as there are connections. */
const mostReads = 128;
const warmUpMillis = 2000;

/**
 * A thrown-away read, begun while the function starts: the first call of an SDK client costs 30 ms of CPU and a TLS handshake. A failure
 * is the first request's to report.
 */
function warmUp(rows: OnlineRows): void {
  void rows.read([probeAddress], { deadlineMillis: Date.now() + warmUpMillis }).catch(() => undefined);
}
