import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchResult } from './bench.ts';
import { withDynamoDb } from './dynamodb-local.ts';
import { type LoadCall, type LoadFigures, load } from './serve-feast/load.ts';
import type { ServerProcess } from './serve-feast/server-process.ts';
import { apiToken, startFeast, startTidemark } from './serve-feast/servers.ts';

/** Entities x features; the most CPU that we may take for a request, and the largest share of what Feast takes. */
const shapes = [
  { name: '1x10', entities: 1, service: 'ten', features: 10, budget: {} },
  { name: '1x50', entities: 1, service: 'fifty', features: 50, budget: { cpuMillis: 0.8, share: 1 / 8 } },
  { name: '100x50', entities: 100, service: 'fifty', features: 50, budget: { cpuMillis: 7, share: 1 / 12 } },
] as const;
type Shape = (typeof shapes)[number];
const seconds = Number(process.env.TIDEMARK_BENCH_SECONDS ?? 4);
const [warmUpSeconds, rounds] = [3, 2];

/** A way to be asked: our own route, or Feast's on either server. */
interface Contender {
  readonly name: string;
  readonly server: ServerProcess;
  readonly call: (shape: Shape) => LoadCall;
}

/**
 * `tidemark serve` beside Feast's own server, on one DynamoDB Local, with the same entities, features and requests: what a request costs in the
 * server's CPU, how many a second are answered, and how long they take. Needs Linux.
 */
export function run(): Promise<readonly BenchResult[]> {
  return withDynamoDb(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-serve-feast-'));
    const servers: ServerProcess[] = [];
    try {
      const place = { folder, endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '' };
      const tidemark = await startTidemark(place);
      servers.push(tidemark);
      const feast = await startFeast(place);
      servers.push(feast);
      return await compared([
        { name: 'tidemark', server: tidemark, call: ownCall },
        { name: 'tidemark.feastWire', server: tidemark, call: feastCall },
        { name: 'feast', server: feast, call: feastCall },
      ]);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Contenders take turns, and the best of their rounds counts: the speed of a shared machine drifts. */
async function compared(contenders: readonly Contender[]): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const shape of shapes) {
    for (const { server, call } of contenders) await check(server, call(shape), shape);
    for (const { server, call } of contenders)
      await load(server, call(shape), { connections: 16, seconds: warmUpSeconds });
    for (const connections of [1, 16]) {
      const figures = new Map<string, LoadFigures[]>();
      for (let round = 0; round < rounds; round++)
        for (const { name, server, call } of contenders) {
          const kept = figures.get(name) ?? [];
          figures.set(name, [...kept, await load(server, call(shape), { connections, seconds })]);
        }
      for (const [name, of] of figures) results.push(...resultsOf(`${name}.${shape.name}.${connections}`, of, shape));
      const [ours, theirs] = ['tidemark', 'feast'].map((name) => lowest(figures.get(name), 'cpuMillis'));
      const share = 'share' in shape.budget && connections === 1 ? { budget: shape.budget.share } : {};
      const name = `serveFeast.cpuShare.${shape.name}.${connections}`;
      results.push({ name, value: (ours ?? Number.NaN) / (theirs ?? Number.NaN), unit: 'of Feast', ...share });
    }
  }
  return results;
}

const lowest = (figures: readonly LoadFigures[] = [], of: 'cpuMillis' | 'p50Millis' | 'p99Millis'): number =>
  Math.min(...figures.map((figure) => figure[of]));

function resultsOf(name: string, figures: readonly LoadFigures[], { budget }: Shape): BenchResult[] {
  const isOurs = name.startsWith('tidemark.') && !name.startsWith('tidemark.feastWire');
  const cpuBudget = isOurs && 'cpuMillis' in budget && name.endsWith('.1') ? { budget: budget.cpuMillis } : {};
  const errors = figures.reduce((sum, figure) => sum + figure.errors, 0);
  return [
    { name: `${name}.cpu`, value: lowest(figures, 'cpuMillis'), unit: 'ms of CPU', ...cpuBudget },
    { name: `${name}.rate`, value: Math.max(...figures.map(({ perSecond }) => perSecond)), unit: 'requests/s' },
    { name: `${name}.p50`, value: lowest(figures, 'p50Millis'), unit: 'ms' },
    { name: `${name}.p99`, value: lowest(figures, 'p99Millis'), unit: 'ms' },
    { name: `${name}.errors`, value: errors, unit: 'errors', ...(name.startsWith('tidemark') ? { budget: 0 } : {}) },
  ].map((result) => ({ ...result, name: `serveFeast.${result.name}` }));
}

const idsOf = ({ entities }: Shape): number[] => Array.from({ length: entities }, (_, id) => id);

const callOf = (path: string, body: object): LoadCall => ({
  path,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', authorization: `Bearer ${apiToken}` },
});
const ownCall = (shape: Shape): LoadCall =>
  callOf('/v1/online-features', { service: shape.service, entities: idsOf(shape).map((id) => ({ driver_id: id })) });
const feastCall = (shape: Shape): LoadCall =>
  callOf('/get-online-features', {
    feature_service: shape.service,
    entities: { driver_id: idsOf(shape) },
    full_feature_names: true,
  });

/** A bench of wrong answers would be quick: every value asked for must be there. */
async function check({ url }: ServerProcess, { path, body, headers }: LoadCall, shape: Shape): Promise<void> {
  const response = await fetch(url + path, { method: 'POST', headers, body });
  const text = await response.text();
  const present = text.match(/"PRESENT"/g)?.length ?? 0;
  const keys = path === '/get-online-features' ? shape.entities : 0; // Feast gives keys a status too
  if (response.status !== 200 || present !== shape.entities * shape.features + keys)
    throw new Error(
      `${url}${path} answered ${shape.name} with ${response.status}, ${present} values: ${text.slice(0, 300)}`,
    );
}
