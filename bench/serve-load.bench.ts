import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchResult, percentile } from './bench.ts';
import { withDynamoDb } from './dynamodb-local.ts';
import { type LoadCall, load } from './serve-feast/load.ts';
import type { ServerProcess } from './serve-feast/server-process.ts';
import { apiToken, startTidemark } from './serve-feast/servers.ts';

const seconds = Number(process.env.TIDEMARK_BENCH_SECONDS ?? 60);
const ceilingSeconds = 8;
const connections = 16;
const share = 0.8;
const sampleMillis = 250;
/** Left to itself V8 lets the heap grow for minutes before it collects; held this small, it collects all along, and what leaks does not fit. */
const smallHeap = ['--max-old-space-size=72', '--max-semi-space-size=4'];
/** Of the memory in the second quarter, what the last one may have: a leak of 500 bytes a request ends the process. */
const mostGrowth = 1.15;

const call: LoadCall = {
  path: '/v1/online-features',
  body: JSON.stringify({ service: 'fifty', entities: [{ driver_id: 1 }] }),
  headers: { 'content-type': 'application/json', authorization: `Bearer ${apiToken}` },
};

/** `tidemark serve` at 80 % of what it can on this machine, 1 entity x 50 features: no errors, and memory that stays. Needs Linux. */
export function run(): Promise<readonly BenchResult[]> {
  return withDynamoDb(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-serve-load-'));
    const server = await startTidemark({ folder, endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '' }, smallHeap);
    try {
      return await underLoad(server);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function underLoad(server: ServerProcess): Promise<readonly BenchResult[]> {
  await load(server, call, { connections, seconds: 3 });
  const ceiling = await load(server, call, { connections, seconds: ceilingSeconds });
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(server.residentBytes()), sampleMillis);
  const steady = await load(server, call, { connections, seconds, perSecond: ceiling.perSecond * share });
  clearInterval(timer);
  const quarter = Math.floor(memory.length / 4);
  const [early, late] = [memory.slice(quarter, 2 * quarter), memory.slice(-quarter)].map((part) =>
    percentile(part, 0.5),
  );
  return [
    { name: 'serveLoad.ceiling', value: ceiling.perSecond, unit: 'requests/s' },
    { name: 'serveLoad.rate', value: steady.perSecond, unit: 'requests/s' },
    { name: 'serveLoad.requests', value: steady.requests, unit: 'requests' },
    { name: 'serveLoad.errors', value: ceiling.errors + steady.errors, unit: 'errors', budget: 0 },
    { name: 'serveLoad.cpu', value: steady.cpuMillis, unit: 'ms of CPU' },
    { name: 'serveLoad.p50', value: steady.p50Millis, unit: 'ms' },
    { name: 'serveLoad.p99', value: steady.p99Millis, unit: 'ms' },
    { name: 'serveLoad.memory', value: (late ?? Number.NaN) / 1e6, unit: 'MB' },
    {
      name: 'serveLoad.memoryGrowth',
      value: (late ?? Number.NaN) / (early ?? Number.NaN),
      unit: 'times',
      budget: mostGrowth,
    },
  ];
}
