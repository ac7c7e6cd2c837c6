import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { flightsFolder } from '#cli/quickstart/flights-data.ts';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import { wireWriter } from '#codec/wire-json.ts';
import { planFeatures } from '#engine/feature-plan.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { httpCall } from '../support/http-call.ts';
import { LiveDepartures } from '../support/live-departures.ts';
import { parquetRows } from '../support/parquet-rows.ts';
import { runCli } from '../support/run-cli.ts';

interface Served {
  readonly names: readonly string[];
  readonly rows: readonly { readonly values: readonly unknown[]; readonly status: readonly string[] }[];
  readonly meta: { readonly asOf: string; readonly partial: boolean };
}

interface Flight {
  readonly carrier: string;
  readonly origin: string;
  readonly tailnum: string;
  readonly distance: number | null;
}

let flights: DeployedFlights;
let live: LiveDepartures;
/** One flight of each plane, then what nobody knows, a carrier of the stream alone, and a distance that is not known. */
let entities: readonly Flight[];
let folder: string;

beforeAll(async () => {
  flights = await deployedFlights();
  live = new LiveDepartures(flights);
  folder = join(flights.folder, 'export');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const byPlane = new Map<string, Flight>();
  for (const row of await parquetRows(readFileSync(join(flightsFolder, 'data', 'departures.parquet'))))
    if (typeof row.tailnum === 'string' && !byPlane.has(row.tailnum))
      byPlane.set(row.tailnum, {
        carrier: String(row.carrier),
        origin: String(row.origin),
        tailnum: row.tailnum,
        distance: Number(row.distance),
      });
  const carrier = live.newCarrier();
  entities = [
    ...byPlane.values(),
    { carrier: 'ZZ', origin: 'XXX', tailnum: 'NOBODY', distance: 1 },
    { carrier, origin: 'EWR', tailnum: 'N14228', distance: 1400 },
    { carrier: 'UA', origin: 'EWR', tailnum: 'N14228', distance: null },
  ];
  // counted in what is served a moment before the export, which so depends on the event log having come to its instant
  await live.push([live.departure(carrier), live.departure(carrier, { dep_delay: 40 })]);
  await live.windowsOnceCounted(carrier, 2);
});

const parquetOf = (rows: readonly Flight[]): Uint8Array =>
  writeParquet([
    ...(['carrier', 'origin', 'tailnum'] as const).map((name) => ({
      name,
      type: 'string' as const,
      values: rows.map((row) => row[name]),
    })),
    { name: 'distance', type: 'int32', values: rows.map(({ distance }) => distance) },
  ]);

/** Columns of a dataset's files. */
async function columnsOf(files: readonly Uint8Array[]): Promise<Map<string, Value[]>> {
  const columns = new Map<string, Value[]>();
  for (const bytes of files) {
    const file = await openParquet(bytesSource(bytes));
    const values = await readColumns(file, file.columns);
    for (const [at, { name }] of file.columns.entries())
      columns.set(name, [...(columns.get(name) ?? []), ...(values[at] ?? [])]);
  }
  return columns;
}

describe('an export over HTTP', () => {
  it('holds for 100 sampled rows exactly what the API served at its instant: every feature, on demand and over streams too', async () => {
    const last = entities.length - 1;
    const sample = [...Array.from({ length: 97 }, (_, at) => at * 41), last - 2, last - 1, last];
    const features = flights.manifest.views.flatMap((view) =>
      view.kind === 'onDemand' || view.online ? view.features.map(({ name }) => `${view.name}:${name}`) : [],
    );
    const answer = await httpCall(flights.target, '/v1/online-features', {
      body: {
        features,
        entities: sample.map((at) => {
          const { distance: _distance, ...keys } = entities[at] ?? {};
          return keys;
        }),
        request: sample.map((at) => ({ distance: entities[at]?.distance ?? null })),
        consistency: 'strong',
      },
    });
    expect(answer.status, answer.text).toBe(200);
    const served = answer.json as Served; // the API's documented shape
    expect(served.meta.partial).toBe(false);

    const spine = 'training-sets/export-entities.parquet';
    await flights.connections.objects.put(spine, parquetOf(entities));
    const { dataset, files } = await exported({ spine, features, asOf: served.meta.asOf });
    expect(dataset).toMatchObject({ asOf: served.meta.asOf, rows: entities.length, mode: 'asServed' });
    const { results } = planFeatures(flights.manifest, { features });
    const columns = await columnsOf(files);
    expect(columns.get('tailnum')).toEqual(entities.map(({ tailnum }) => tailnum));
    expect([...columns.keys()]).toEqual(['carrier', 'origin', 'tailnum', 'distance', ...served.names]);

    const seen = new Map<string, number>();
    const wrong: string[] = [];
    served.names.forEach((name, position) => {
      // as the API writes values of the type
      const write = wireWriter(results[position]?.feature.type ?? 'string');
      sample.forEach((at, row) => {
        const got: unknown = JSON.parse(write(columns.get(name)?.[at] ?? null));
        const { values = [], status = [] } = served.rows[row] ?? {};
        seen.set(status[position] ?? '', (seen.get(status[position] ?? '') ?? 0) + 1);
        if (JSON.stringify(got) !== JSON.stringify(values[position]))
          wrong.push(`row ${at} ${name}: exported ${String(got)}, served ${String(values[position])}`);
      });
    });
    expect(wrong).toEqual([]);
    for (const status of ['PRESENT', 'DEFAULT', 'MISSING', 'EXPIRED'])
      expect(seen.get(status) ?? 0, status).toBeGreaterThan(0);
    const live = served.names.indexOf('carrier_departures_live__departures_1h');
    expect(served.rows.at(-2)?.values[live]).toBe(2);
  });
});

interface Exported {
  readonly dataset: { readonly asOf: string; readonly rows: number; readonly mode: string };
  readonly files: readonly Uint8Array[];
}

async function exported(body: unknown): Promise<Exported> {
  const started = await httpCall(flights.target, '/v1/training-sets', { body });
  expect(started.status, started.text).toBe(202);
  const { id } = started.json as { id: string }; // the API's documented shape, here and below
  expect(id).toMatch(/^ex-/);
  for (;;) {
    const { json, text } = await httpCall(flights.target, `/v1/training-sets/${id}`);
    const now = json as { status: string; dataset: Exported['dataset']; files: { url: string }[] };
    expect(now.status, text).not.toBe('failed');
    if (now.status === 'succeeded') {
      const files = await Promise.all(now.files.map(async ({ url }) => (await fetch(url)).bytes()));
      return { dataset: now.dataset, files };
    }
    await wait(300);
  }
}

describe('tidemark export', () => {
  const run = (line: string) => runCli([...line.split(' '), '--target', flights.targetName, '--json']);

  it('says what it would read, then adds the features of now, one instant for all rows', async () => {
    const file = join(folder, 'entities.csv');
    const rows = entities.filter((_, at) => at % 40 === 0);
    writeFileSync(
      file,
      [
        'tailnum,distance,carrier,origin',
        ...rows.map((row) => `${row.tailnum},${row.distance},${row.carrier},${row.origin}`),
      ].join('\n'),
    );
    const ask = `--entities ${file} --service delay_model`;
    const explained = await run(`export explain ${ask}`);
    expect(explained.exitCode, explained.stderr).toBe(0);
    expect(JSON.parse(explained.stdout)).toMatchObject({ rows: rows.length, statements: 1, asOf: expect.any(String) });

    const before = Date.now();
    const first = await run(`export ${ask} --out ${join(folder, 'first')} --max-cost 5`);
    expect(first.exitCode, first.stderr).toBe(0);
    const dataset = JSON.parse(first.stdout) as DatasetManifest; // the command's documented shape
    expect(dataset).toMatchObject({ rows: rows.length, service: { name: 'delay_model' } });
    const asOf = dataset.asOfMillis ?? 0;
    expect(asOf).toBeGreaterThanOrEqual(before);
    expect(asOf).toBeLessThanOrEqual(Date.now());
    const columns = await columnsOf(dataset.files.map(({ name }) => readFileSync(join(folder, 'first', name))));
    expect(columns.get('tailnum')).toEqual(rows.map(({ tailnum }) => tailnum));
    expect(new Set(columns.get('flight_context__utc_hour'))).toEqual(new Set([new Date(asOf).getUTCHours()]));
  });
});
