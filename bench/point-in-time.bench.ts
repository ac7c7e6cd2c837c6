import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { localEnvironment } from '#cli/target.ts';
import { startLocalCloud, stopLocalCloud } from '#localstack/local-cloud.ts';
import { objectKeys, spineKeyColumn } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';
import { trainingSetSql } from '#sql/training-set-sql.ts';
import { unloadSql } from '#sql/unload-sql.ts';
import { entityViews } from '#test/support/entity-views.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { numberedPairsSql, type PairJoin, textIdSql } from '#test/support/pair-join-sql.ts';
import type { BenchResult } from './bench.ts';

/** History rows that each label sees. */
const histories = [25, 100, 400];
const labels = Number(process.env.TIDEMARK_BENCH_LABELS ?? 20_000);
const labelsPerEntity = 10;
/** `compared` (side by side), `large` and `wide` (1 M labels over 2 and over 5 views of 5 M rows each), `hot` (one entity with 1 M rows and 100,000 labels). */
const cases = (process.env.TIDEMARK_BENCH_CASES ?? 'compared').split(',');

const features = [
  { name: 'trips', type: 'int64' },
  { name: 'rating', type: 'float64' },
  { name: 'fare', type: 'float64' },
] as const;
const start = Date.UTC(2026, 0, 1);
/** Rows stand a minute apart; labels come after the last one, a second apart. */
const labelsFrom = start + 1_000_000 * 60_000;

interface Shape {
  readonly name: string;
  readonly entities: number;
  /** Rows of each entity, in each view. */
  readonly history: number;
  readonly labels: number;
  readonly views: number;
}

const sourceNames = ({ views, name }: Shape): string[] => Array.from({ length: views }, (_, at) => `${name}_${at}`);

const manifestFor = (shapes: readonly Shape[]): Manifest =>
  manifestOf({
    entities: [entityOf('user', [{ name: 'user_id', type: 'int64' }])],
    sources: shapes.flatMap(sourceNames).map((name) =>
      sourceOf(name, [{ name: 'user_id', type: 'int64' }, { name: 'at', type: 'timestamp' }, ...features], {
        eventTime: 'at',
      }),
    ),
    views: shapes.flatMap(sourceNames).map((name) => tableViewOf(name, features, { entity: 'user', source: name })),
  });

/** `n` from 0 to count - 1; a sequence holds at most 10,000 elements in Athena. */
const numbers = (count: number): string =>
  `(SELECT a * 1000 + b AS n FROM UNNEST(sequence(BIGINT '0', BIGINT '${Math.ceil(count / 1000) - 1}')) AS t1 (a) CROSS JOIN UNNEST(sequence(BIGINT '0', BIGINT '999')) AS t2 (b) WHERE a * 1000 + b < ${count})`;

/** Rows and labels, made where they are read. */
async function fill(store: OfflineStore, shape: Shape): Promise<void> {
  for (const source of sourceNames(shape)) {
    const at = `date_add('second', h.n * 60, TIMESTAMP '2026-01-01 00:00:00.000')`;
    const select = [
      `SELECT e.n AS user_id, ${at} AS at, mod(e.n * 31 + h.n, 1000) AS trips, CAST(mod(h.n * 7919 + e.n, 5000) AS double) / 1000 AS rating, CAST(mod(e.n + h.n * 104729, 100003) AS double) / 7 AS fare`,
      `FROM ${numbers(shape.entities)} e CROSS JOIN ${numbers(shape.history)} h`,
    ].join(' ');
    await store.run(unloadSql({ select, uri: store.objects.uri(objectKeys.source(source)) }));
  }
  const spine = [
    `SELECT l.n AS row_id, BIGINT '${labelsFrom}' + l.n * 1000 AS event_time_ms, mod(l.n, ${shape.entities}) AS ${spineKeyColumn('user', 'user_id')}`,
    `FROM ${numbers(shape.labels)} l`,
  ].join(' ');
  await store.run(unloadSql({ select: spine, uri: store.objects.uri(`${objectKeys.spineParts(shape.name)}part=0/`) }));
}

interface Cost {
  readonly seconds: number;
  /** Of the local cloud's process, less what a statement of nothing takes: what neighbours on the machine do not change. The ratios are of these. */
  readonly cpuSeconds: number;
  /** Greatest resident memory of the local cloud's process meanwhile, all that it holds besides included. */
  readonly peakBytes: number;
}

interface Machine {
  readonly store: OfflineStore;
  /** Of the local cloud. */
  readonly pid: number;
  readonly floor: number;
}

const runs = { count: 0 };

/** Runs a SELECT as a training set does, into files. `floor`: CPU seconds that a statement of nothing takes, left out. */
async function costOf({ store, pid, floor }: Machine, select: string): Promise<Cost> {
  // makes the kernel count the peak anew, from what is resident now
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const [startedAt, cpuBefore] = [performance.now(), cpuSecondsOf(pid)];
  await runCalmly(store, unloadSql({ select, uri: store.objects.uri(`results/${runs.count++}/`) }));
  const seconds = (performance.now() - startedAt) / 1000;
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return {
    seconds,
    cpuSeconds: Math.max(0.01, cpuSecondsOf(pid) - cpuBefore - floor),
    peakBytes: Number(kilobytes) * 1024,
  };
}

/** Runs a statement, asking seldom whether it is done: the answers are of the process whose time is taken. */
async function runCalmly({ sql }: OfflineStore, statement: string): Promise<void> {
  const id = await sql.start(statement, randomUUID());
  for (;;) {
    const { state, reason } = await sql.status(id);
    if (state === 'succeeded') return;
    if (state !== 'running') throw new Error(`${reason}\n${statement}`);
    await wait(500);
  }
}

/** User and system time of a process; the kernel counts in hundredths of a second. */
function cpuSecondsOf(pid: number): number {
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(afterName[11]) + Number(afterName[12])) / 100;
}

const ours = (store: OfflineStore, manifest: Manifest, shape: Shape): string =>
  trainingSetSql({
    database: store.database,
    manifest,
    views: entityViews(manifest).filter(({ view }) => sourceNames(shape).includes(view.source)),
    mode: 'asServed',
    lagMillis: 0,
    dataset: shape.name,
    parts: { first: 0, last: 0 },
    eventTimeRangeMillis: { min: labelsFrom, max: labelsFrom + shape.labels * 1000 },
  });

const figures = (name: string, { seconds, cpuSeconds, peakBytes }: Cost): BenchResult[] => [
  { name: `${name}: CPU time`, value: cpuSeconds, unit: 's' },
  { name: `${name}: time`, value: seconds, unit: 's' },
  { name: `${name}: peak memory`, value: peakBytes / 1e9, unit: 'GB' },
];

/** Ours, a LEFT JOIN with row_number, and a join by texts of the keys as a widespread template has it, on the local engine. */
async function sideBySide(machine: Machine, manifest: Manifest): Promise<BenchResult[]> {
  const { store } = machine;
  const results: BenchResult[] = [];
  const times: number[] = [];
  for (const shape of compared) {
    const join: PairJoin = {
      database: store.database,
      dataset: shape.name,
      parts: 1,
      entity: 'user',
      keys: ['user_id'],
      source: `${shape.name}_0`,
      eventTime: 'at',
      features: features.map(({ name }) => name),
    };
    const own = await costOf(machine, ours(store, manifest, shape));
    const numbered = await costOf(machine, numberedPairsSql(join));
    const textId = await costOf(machine, textIdSql(join));
    times.push(own.cpuSeconds);
    console.error(
      `${shape.name}: ours ${own.cpuSeconds} s, row_number ${numbered.cpuSeconds} s, texts ${textId.cpuSeconds} s`,
    );
    results.push(
      ...figures(`${shape.history} rows a label, ours`, own),
      ...figures(`${shape.history} rows a label, LEFT JOIN and row_number`, numbered),
      ...figures(`${shape.history} rows a label, join by texts of keys`, textId),
      {
        name: `${shape.history} rows a label, ours to LEFT JOIN and row_number: CPU time`,
        value: own.cpuSeconds / numbered.cpuSeconds,
        unit: 'times',
      },
      {
        name: `${shape.history} rows a label, ours to join by texts of keys: CPU time`,
        value: own.cpuSeconds / textId.cpuSeconds,
        unit: 'times',
      },
      {
        name: `${shape.history} rows a label, ours to join by texts of keys: peak memory`,
        value: own.peakBytes / textId.peakBytes,
        unit: 'times',
      },
    );
  }
  const [, middle = 0, most = 0] = times;
  results.push({
    name: 'ours, 400 rows a label to 100: CPU time (4 is linear)',
    value: most / middle,
    unit: 'times',
    budget: 6,
  });
  return results;
}

const compared: readonly Shape[] = histories.map((history) => ({
  name: `h${history}`,
  entities: labels / labelsPerEntity,
  history,
  labels,
  views: 1,
}));
const large: Shape = { name: 'large', entities: 50_000, history: 100, labels: 1_000_000, views: 2 };
const wide: Shape = { ...large, name: 'wide', views: 5 };
const hot: Shape = { name: 'hot', entities: 1, history: 1_000_000, labels: 100_000, views: 1 };

export async function run(): Promise<readonly BenchResult[]> {
  const name = `bench-${process.pid}`;
  try {
    const cloud = await startLocalCloud({ name, port: 0 });
    Object.assign(process.env, localEnvironment(cloud.endpoint, cloud.dynamodbEndpoint));
    const alone = [large, wide, hot].filter((shape) => cases.includes(shape.name));
    const isCompared = cases.includes('compared');
    const shapes = [...(isCompared ? compared : []), ...alone];
    const manifest = manifestFor(shapes);
    const store = await createOfflineStore(manifest);
    for (const shape of shapes) await fill(store, shape);
    // the first statement of an engine pays for its start
    const idle = { store, pid: cloud.pid, floor: 0 };
    await costOf(idle, 'SELECT 1 AS one');
    const { cpuSeconds: floor } = await costOf(idle, 'SELECT 1 AS one');
    const machine = { ...idle, floor };
    const results: BenchResult[] = [
      { name: 'a statement of nothing, left out below: CPU time', value: floor, unit: 's' },
    ];
    for (const shape of alone) {
      const cost = await costOf(machine, ours(store, manifest, shape));
      results.push(
        ...figures(`${shape.labels} labels over ${shape.views} x ${shape.entities * shape.history} rows, ours`, cost),
      );
    }
    if (isCompared) results.push(...(await sideBySide(machine, manifest)));
    return results;
  } finally {
    await stopLocalCloud(name);
  }
}
