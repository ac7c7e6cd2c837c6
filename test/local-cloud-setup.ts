import { localEnvironment } from '#cli/target.ts';
import { startLocalCloud, stopLocalCloud } from '#localstack/local-cloud.ts';
import { removeTestDeployment } from './support/test-deployment.ts';

/** Endpoints and credentials of a local cloud, as any AWS client reads them. */
function pointClientsAt(endpoint: string, dynamodbEndpoint: string): void {
  Object.assign(process.env, {
    ...localEnvironment(endpoint, dynamodbEndpoint),
    TIDEMARK_TEST_ENDPOINT: endpoint,
    TIDEMARK_TEST_NAME: name,
    TIDEMARK_TEST_RUN: process.env.TIDEMARK_TEST_RUN ?? `${process.pid}-${Date.now()}`,
  });
}

const kept = process.env.TIDEMARK_TEST_CLOUD;
const name = kept ?? `test-${process.pid}`;

/**
 * Starts a local cloud of its own for the suites that need one, on free ports. A developer's running instance is never touched.
 * TIDEMARK_TEST_CLOUD=name keeps an instance of that name running between runs. The flights example is deployed to it once for all files of
 * a run and brought up to date by the next one, unless TIDEMARK_TEST_RUN=text names both.
 */
export async function setup(): Promise<void> {
  const cloud = await startLocalCloud({ name, port: 0, report: (line) => console.error(line) });
  pointClientsAt(cloud.endpoint, cloud.dynamodbEndpoint);
}

export async function teardown(): Promise<void> {
  if (kept !== undefined) return;
  await stopLocalCloud(name);
  removeTestDeployment(name);
}
