import { trinoCatalog } from './client.ts';
import type { TrinoRelease } from './java.ts';

export interface TrinoSettings {
  readonly release: TrinoRelease;
  readonly port: number;
  /** Glue and S3 of a local cloud. */
  readonly cloudEndpoint: string;
}

type Properties = Readonly<Record<string, string | number | boolean>>;

const file = (properties: Properties): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/** Configuration files of a server of one node on the loopback, by their path below `etc`. */
export function trinoConfiguration({ release, port, cloudEndpoint }: TrinoSettings): Readonly<Record<string, string>> {
  return {
    'config.properties': file({
      coordinator: true,
      'node-scheduler.include-coordinator': true,
      'http-server.http.port': port,
      'discovery.uri': `http://127.0.0.1:${port}`,
      'node.internal-address': '127.0.0.1',
      'node.bind-ip': '127.0.0.1',
      'query.max-memory': '1200MB',
      'query.max-memory-per-node': '1200MB',
      'memory.heap-headroom-per-node': '300MB',
      // Other work shares the processors.
      'task.concurrency': 2,
      'task.max-worker-threads': 2,
    }),
    'log.properties': file({ 'io.trino': 'INFO' }),
    [`catalog/${trinoCatalog}.properties`]: file({
      'connector.name': 'hive',
      'hive.metastore': 'glue',
      'hive.metastore.glue.region': 'us-east-1',
      'hive.metastore.glue.endpoint-url': cloudEndpoint,
      'hive.metastore.glue.aws-access-key': 'test',
      'hive.metastore.glue.aws-secret-key': 'test',
      'fs.native-s3.enabled': true,
      's3.endpoint': cloudEndpoint,
      's3.region': 'us-east-1',
      's3.path-style-access': true,
      's3.aws-access-key': 'test',
      's3.aws-secret-key': 'test',
      'hive.partition-projection-enabled': true,
      'hive.non-managed-table-writes-enabled': true,
      'hive.non-managed-table-creates-enabled': true,
      // As Athena has them: milliseconds, columns by name, files in folders below a table's or a partition's.
      'hive.recursive-directories': true,
      'hive.timestamp-precision': 'MILLISECONDS',
      'hive.parquet.use-column-names': true,
      ...(release.version === '435' ? older : {}),
    }),
  };
}

/** What 435 needs besides: defaults of later releases, and partitions in one segment, or it asks for each five times. */
const older: Properties = {
  'fs.hadoop.enabled': false,
  'hive.metastore.glue.partitions-segments': 1,
  'hive.security': 'allow-all',
};
