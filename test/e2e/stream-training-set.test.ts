import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { departuresFile, flightsFolder } from '#cli/quickstart/flights-data.ts';
import { LiveDeparturesOracle, type LiveReading, liveFeatures } from '../oracle/live-departures.ts';
import { type DepartureStream, departureStream } from '../support/departure-stream.ts';
import { type DeployedDepartureStream, deployDepartureStream } from '../support/deployed-departure-stream.ts';
import { type ParquetRow, parquetRows } from '../support/parquet-rows.ts';
import { Random } from '../support/random.ts';

// Train equals serve: the training set over history and event log, the same records applied to the online store, and the oracle agree bit by bit.
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const spine = join(flightsFolder, 'data', 'spine.parquet');
/** The history's end, as test/e2e/repository/departures-from-june.ts says: half of the labels come later, in June and in September. */
const seam = Date.parse('2013-06-16T00:00:00Z');
const september = Date.parse('2013-09-01T00:00:00Z');
/** After the last label. */
const end = Date.parse('2013-10-02T00:00:00Z');
const allowedSkew = 5 * minute;
const history = { until: seam, latency: 30_000 };

type Row = Readonly<Record<string, unknown>>;
const timeOf = (label: ParquetRow): number => Number(label.event_timestamp);
const isNearSeam = (label: ParquetRow): boolean => Math.abs(timeOf(label) - seam) < 1.5 * day;

const isSame = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b)
    ? a.length === b.length && a.every((item, at) => isSame(item, b[at]))
    : Object.is(a, b);

/** Values that are not the very same: how many, the first few as sentences. */
function differences(
  rows: readonly Row[],
  expected: readonly Row[],
): { readonly count: number; readonly first: string[] } {
  const first: string[] = [];
  let count = 0;
  expected.forEach((want, at) => {
    for (const [name, value] of Object.entries(want)) {
      const got = rows[at]?.[name];
      if (isSame(got, value)) continue;
      count++;
      if (first.length < 20) first.push(`row ${at} ${name}: got ${String(got)}, must be ${String(value)}`);
    }
  });
  return { count, first };
}
const none = { count: 0, first: [] };

let deployed: DeployedDepartureStream;
let stream: DepartureStream;
let oracle: LiveDeparturesOracle;
let labels: readonly ParquetRow[];
/** The training set of all labels. */
let rows: readonly ParquetRow[];

/** What the oracle says, a few labels at a time: meanwhile the deployment works. */
async function expected(of: readonly ParquetRow[], reading: LiveReading): Promise<readonly Row[]> {
  const want: Row[] = [];
  for (const label of of) {
    want.push(oracle.row(label, reading));
    if (want.length % 50 === 0) await setImmediate();
  }
  return want;
}

beforeAll(async () => {
  const departures = await parquetRows(readFileSync(departuresFile));
  labels = await parquetRows(readFileSync(spine));
  stream = departureStream(departures, { fromMillis: seam - 6 * hour, untilMillis: end });
  oracle = new LiveDeparturesOracle(stream.oracleRecords, { allowedSkew, within: day, history });
  deployed = await deployDepartureStream();
  await deployed.loadHistory();
});

it('archives three months of events, with copies, late ones and some that can never count', async () => {
  const batches = await deployed.archive(stream.records);
  const sum = (of: (batch: (typeof batches)[number]) => number): number =>
    batches.reduce((n, batch) => n + of(batch), 0);
  const archived = sum((batch) => batch.archived);
  const late = sum(({ quarantined }) => quarantined.afterDeduplication ?? 0);
  const ahead = sum(({ quarantined }) => quarantined.tooFarAhead ?? 0);
  expect(archived + late + ahead).toBe(stream.records.length);
  expect(archived).toBeGreaterThan(100_000);
  expect(late).toBeGreaterThan(50);
  expect(ahead).toBeGreaterThan(20);
  expect(sum(({ repeated }) => repeated)).toBeGreaterThan(5000);
});

describe('a training set of every live feature', () => {
  it('equals the oracle in all 30 features of all 20,000 rows, bit by bit', async () => {
    const [built, want] = await Promise.all([
      deployed.trainingSet({ spine, features: liveFeatures, mode: 'asServed', lagMillis: 0 }),
      expected(labels, { mode: 'asServed', lag: 0 }),
    ]);
    rows = built;
    expect(rows.length).toBe(20_000);
    const columns = Object.keys(labels[0] ?? {});
    expect(rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])))).toEqual(labels);
    expect(Object.keys(rows[0] ?? {})).toEqual([...columns, ...Object.keys(want[0] ?? {})]);
    expect(Object.keys(want[0] ?? {}).length).toBe(30);
    expect(differences(rows, want)).toEqual(none);
  });

  it('reaches over the seam of history and log, and holds rows of every kind', () => {
    const near = labels.filter((label) => timeOf(label) > seam && timeOf(label) <= seam + 7 * day);
    expect(near.length).toBeGreaterThan(300);
    const share = (isSo: (row: ParquetRow) => boolean): number => rows.filter(isSo).length / rows.length;
    expect(share((row) => timeOf(row) > seam)).toBeGreaterThan(0.4);
    expect(share((row) => timeOf(row) <= seam)).toBeGreaterThan(0.4);
    for (const ref of liveFeatures) {
      const name = ref.replace(':', '__');
      const different = new Set(rows.map((row) => String(row[name]))).size;
      expect.soft(different, name).toBeGreaterThan(20);
    }
    // Beyond 64 destinations the number is an estimate.
    expect(share((row) => Number(row.origin_departures_live__destinations_7d) > 64)).toBeGreaterThan(0.1);
    expect(share((row) => row.carrier_departures_live__mean_delay_1h === null)).toBeGreaterThan(0.05);
  });

  it.each([
    { mode: 'asServed', lag: 26 * hour + 1 },
    { mode: 'eventTime', lag: 0 },
  ] as const)('equals the oracle with $mode and a lag of $lag ms', async ({ mode, lag }) => {
    const some = labels.filter((label) => isNearSeam(label));
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-spine-'));
    const file = join(folder, 'some-labels.csv');
    writeFileSync(file, csvOf(some));
    const read = await deployed.trainingSet({ spine: file, features: liveFeatures, mode, lagMillis: lag });
    rmSync(folder, { recursive: true });
    expect(read.map(({ flight_id }) => flight_id)).toEqual(some.map(({ flight_id }) => flight_id));
    expect(some.length).toBeGreaterThan(500);
    const want = await expected(some, { mode, lag });
    expect(differences(read, want)).toEqual(none);
    expect(
      differences(
        rows.filter((row) => isNearSeam(row)),
        want,
      ).count,
    ).toBeGreaterThan(100);
  });
});

describe('the same records, applied to the online store as they arrive', () => {
  it('serves at 1,000 labels exactly what the training set holds', async () => {
    deployed.nowMillis = seam + 1;
    for (const { name } of deployed.repository.manifest.views)
      expect(await deployed.backfill(name), name).toBe('succeeded');
    const sampled = sample();
    expect(sampled.length).toBe(1000);
    const plan = deployed.plan(liveFeatures);
    const served = new Map<number, Row>();
    const totals = { applied: 0, duplicates: 0, notOurs: 0, quarantined: 0, handOvers: 0, itemsTooLarge: 0 };
    let from = 0;
    for (const [t, at] of Map.groupBy(sampled, (index) => timeOf(labels[index] ?? {}))) {
      const until = stream.records.findIndex(({ arrivalMillis }, index) => index >= from && arrivalMillis > t);
      for (const counts of await deployed.apply(stream.records.slice(from, until < 0 ? undefined : until), t))
        for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += counts[name];
      from = until < 0 ? stream.records.length : until;
      const read = await deployed.served(
        plan,
        at.map((index) => labels[index] ?? {}),
      );
      for (const [position, index] of at.entries()) served.set(index, read[position] ?? {});
    }
    const indexes = [...served.keys()];
    const trained = indexes.map((index) => {
      const row = rows[index] ?? {};
      return Object.fromEntries(plan.names.map((name) => [name, row[name]]));
    });
    expect(plan.names.length).toBe(30);
    expect(differences([...served.values()], trained)).toEqual(none);
    expect(totals.itemsTooLarge).toBe(0);
    for (const name of ['applied', 'duplicates', 'notOurs', 'quarantined', 'handOvers'] as const)
      expect.soft(totals[name], name).toBeGreaterThan(10);
  });
});

/** Indexes of labels by time: of the days in which the longest windows take in the seam and leave it behind, and of September, much later. */
function sample(): number[] {
  const random = new Random(1);
  const indexes = (from: number, until: number, count: number): number[] => {
    const found = labels.flatMap((label, index) => (timeOf(label) > from && timeOf(label) <= until ? [index] : []));
    return found
      .map((index) => ({ index, order: random.next() }))
      .sort((a, b) => a.order - b.order)
      .slice(0, count)
      .map(({ index }) => index);
  };
  const chosen = [
    ...indexes(seam, seam + 2 * day, 400),
    ...indexes(seam + 6 * day, seam + 8 * day, 400),
    ...indexes(september, september + 2 * day, 200),
  ];
  return chosen.sort((a, b) => timeOf(labels[a] ?? {}) - timeOf(labels[b] ?? {}));
}

/** Labels as people have them in a CSV file. */
function csvOf(of: readonly ParquetRow[]): string {
  const names = Object.keys(of[0] ?? {});
  const cell = (name: string, value: ParquetRow[string]): string =>
    name === 'event_timestamp' ? new Date(Number(value)).toISOString() : String(value ?? '');
  return [names.join(','), ...of.map((row) => names.map((name) => cell(name, row[name] ?? null)).join(','))].join('\n');
}
