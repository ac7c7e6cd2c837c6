import { execFileSync } from 'node:child_process';
import { type BenchResult, percentile } from './bench.ts';
import { withServeBundle } from './serve-bundle.ts';

const starts = 12;

/** Size of the serving function's bundle, and how long a fresh process takes to import it and make the handler. */
export function run(): Promise<readonly BenchResult[]> {
  return withServeBundle(async ({ file, bytes }) => [
    { name: 'serve.bundle', value: bytes / 1000, unit: 'kB', budget: 650 },
    {
      name: 'serve.coldImport',
      value: percentile(
        Array.from({ length: starts }, () => importMillis(file)),
        0.5,
      ),
      unit: 'ms',
      budget: 120,
    },
  ]);
}

/** The clients that are made at import are pointed at a closed port: their first calls are not what is measured. */
function importMillis(file: string): number {
  const script = `const startedAt = performance.now();
await import(${JSON.stringify(file)});
process.stdout.write(String(performance.now() - startedAt), () => process.exit());`;
  const text = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: {
      ONLINE_TABLE_NAME: 'bench',
      JOBS_TABLE_NAME: 'bench',
      API_TOKEN_SECRET_ARN: 'bench',
      STAGE_NAME: 'bench',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      NODE_OPTIONS: '--enable-source-maps', // as in the deployed function: Node reads the map at import
    },
  });
  return Number(text);
}
