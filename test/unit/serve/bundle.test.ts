import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { withServeBundle } from '../../../bench/serve-bundle.ts';

it('holds nothing that only deploys, computes offline or tests, and stays within 650 kB', async () => {
  await withServeBundle(async ({ bytes, modules }) => {
    expect(bytes).toBeLessThanOrEqual(650_000);
    expect(modules.length).toBeGreaterThan(100); // an empty list would hold nothing forbidden either
    expect(modules).toContain('lambdas/serve-features/handler.ts');
    const forbidden =
      /node_modules\/(aws-cdk-lib|constructs|esbuild|vitest|fast-check|hyparquet|@aws-sdk\/client-(athena|glue|s3|sfn))|^(lib\/(sql|infra|define)|cli|test|localstack)\//;
    expect(modules.filter((module) => forbidden.test(module))).toEqual([]);
  });
}, 60_000);

it('answers health from a fresh process, outside the checkout and without any AWS service', async () => {
  await withServeBundle(async ({ file }) => {
    const script = `const { handler } = await import(${JSON.stringify(file)});
const event = { httpMethod: 'GET', path: '/v1/health', headers: {}, body: null };
const answer = await handler(event, { awsRequestId: 'r', getRemainingTimeInMillis: () => 5000 });
process.stderr.write(JSON.stringify(answer), () => process.exit());`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      cwd: '/',
      env: {
        ONLINE_TABLE_NAME: 'none',
        JOBS_TABLE_NAME: 'none',
        API_TOKEN_SECRET_ARN: 'none',
        STAGE_NAME: 'dev',
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'none',
        AWS_SECRET_ACCESS_KEY: 'none',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      },
    });
    expect(JSON.parse(stderr)).toMatchObject({ statusCode: 200, headers: { 'x-request-id': 'r' } });
  });
}, 60_000);
