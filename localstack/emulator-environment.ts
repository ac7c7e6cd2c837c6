import { delimiter, join } from 'node:path';
import type { CallerEnvironment } from './environment.ts';
import type { Install } from './install.ts';
import { checkout, type RunPaths } from './paths.ts';

export const accountId = '000000000000';
export const region = 'us-east-1';

export interface EmulatorSettings {
  readonly install: Install;
  readonly run: RunPaths;
  readonly port: number;
  readonly dynamodbPort: number;
}

/** LocalStack's whole environment: nothing else of the caller's reaches it, AWS credentials above all. */
export function emulatorEnvironment(caller: CallerEnvironment, settings: EmulatorSettings): Record<string, string> {
  const { install, run, port, dynamodbPort } = settings;
  const address = `127.0.0.1:${port}`;
  const projectBin = join(checkout.nodeModules, '.bin');
  return {
    PATH: [projectBin, join(install.javaHome, 'bin'), caller.path].join(delimiter),
    HOME: caller.home,
    LANG: 'C.UTF-8',
    TMPDIR: run.temporary,
    XDG_CACHE_HOME: install.paths.cache,
    // on this host instead of in its container
    OVERRIDE_IN_DOCKER: '0',
    FILESYSTEM_ROOT: run.filesystem,
    GATEWAY_LISTEN: address,
    LOCALSTACK_HOST: address,
    DNS_ADDRESS: '0',
    SQS_ENDPOINT_STRATEGY: 'path',
    // no word to the outside
    SKIP_SSL_CERT_DOWNLOAD: '1',
    DISABLE_EVENTS: '1',
    API_ENDPOINT: 'http://127.0.0.1:9',
    // services
    PROVIDER_OVERRIDE_DYNAMODB: 'v2',
    DYNAMODB_IN_MEMORY: '1',
    DYNAMODB_SHARE_DB: '1', // one set of tables whatever the credentials, so that the direct port shows the same ones
    DYNAMODB_LOCAL_PORT: `${dynamodbPort}`,
    DYNAMODB_HEAP_SIZE: '512m',
    KINESIS_LATENCY: '0',
    CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: '0', // a type that cannot be made fails the deployment
    CFN_NO_WAIT_ITERATIONS: '5', // poll a resource at once this often before waiting a second
    LAMBDA_RUNTIME_EXECUTOR: 'local',
    LAMBDA_KEEPALIVE_MS: '600000',
    LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT: '120',
    LAMBDA_RETRY_BASE_DELAY: '1', // seconds before an asynchronous invocation is tried again; a minute in AWS
    LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: '0.2',
    LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC: '0.5',
    // the Tidemark plugin
    TIDEMARK_CLOUD_ID: run.cloudId,
    TIDEMARK_NODE_BIN: projectBin,
    TIDEMARK_LAMBDA_MODULES: join(run.temporary, 'node_modules'),
    TIDEMARK_DYNAMODB_JARS: install.paths.dynamodbJars,
    TIDEMARK_JAVA_HOME: install.javaHome,
  };
}
