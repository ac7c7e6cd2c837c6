import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTrainingSet } from '#cli/commands/training-set.ts';
import { flightsFolder } from '#cli/quickstart/flights-data.ts';
import { allStoredFeatures, FlightsOracle, type FlightsReading, type FlightsRow } from '../oracle/flights.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { httpCall } from '../support/http-call.ts';
import { type ParquetRow, parquetRows } from '../support/parquet-rows.ts';

const hourMillis = 3_600_000;
const asServed: FlightsReading = { mode: 'asServed', lag: 0 };

let flights: DeployedFlights;
let oracle: FlightsOracle;
/** The labels as they were published, moved by the same constant as the sources. */
let labels: readonly ParquetRow[];

const sourceRows = (name: string): Promise<ParquetRow[]> =>
  parquetRows(readFileSync(join(flightsFolder, 'data', `${name}.parquet`)), flights.shiftMillis);

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.parquet'))
        .sort()
        .map((name) => join(folder, name))
    : [];

/** Files of a dataset: those of its splits in folders of their names. */
const datasetFiles = (folder: string): Uint8Array[] =>
  [folder, ...['train', 'validation', 'test'].map((split) => join(folder, split))]
    .flatMap(filesIn)
    .map((file) => readFileSync(file));

async function datasetRows(folder: string): Promise<ParquetRow[]> {
  const rows: ParquetRow[] = [];
  for (const bytes of datasetFiles(folder)) rows.push(...(await parquetRows(bytes)));
  return rows;
}

/** Values that are not the very same, the first few as sentences. */
function differences(rows: readonly ParquetRow[], expected: readonly FlightsRow[]): string[] {
  const found: string[] = [];
  rows.forEach((row, at) => {
    for (const [name, value] of Object.entries(expected[at] ?? {}))
      if (!Object.is(row[name], value) && found.length < 20)
        found.push(`row ${at} ${name}: got ${String(row[name])}, must be ${String(value)}`);
  });
  return found;
}

/** Columns of a file as its schema declares them, by name. */
function schemaOf(bytes: Uint8Array): Map<string, unknown> {
  const [, ...columns] = parquetMetadata(new Uint8Array(bytes).buffer).schema;
  return new Map(
    columns.map(({ name, type, converted_type, logical_type }) => [name, { type, converted_type, logical_type }]),
  );
}

beforeAll(async () => {
  flights = await deployedFlights();
  labels = await sourceRows('spine');
  oracle = new FlightsOracle({
    departures: await sourceRows('departures'),
    weather: await sourceRows('weather'),
    planes: await sourceRows('planes'),
    ticksAfterMillis: flights.startMillis,
  });
});

describe('the training set of the flights example', () => {
  let rows: readonly ParquetRow[];
  beforeAll(async () => {
    rows = await datasetRows(join(flights.folder, 'training-set'));
  });

  it('has exactly the rows of the spine, in its order, its columns untouched', () => {
    expect(rows.length).toBe(20_000);
    const columns = Object.keys(labels[0] ?? {});
    const spine = rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])));
    expect(spine).toEqual(labels);
    const [before, after] = [
      schemaOf(readFileSync(join(flights.folder, 'spine.parquet'))),
      schemaOf(datasetFiles(join(flights.folder, 'training-set'))[0] ?? new Uint8Array()),
    ];
    for (const column of columns) expect(after.get(column)).toEqual(before.get(column));
  });

  it('equals the oracle in all 30 features of all 20,000 rows, bit by bit', () => {
    const names = Object.keys(oracle.delayModel(labels[0] ?? {}, asServed));
    expect(Object.keys(rows[0] ?? {})).toEqual([...Object.keys(labels[0] ?? {}), ...names]);
    expect(names.length).toBe(30);
    const seen = labels.map((label) => oracle.delayModel(label, asServed));
    expect(seen.length).toBe(rows.length);
    expect(differences(rows, seen)).toEqual([]);
  });

  it('holds rows of every kind, so that the comparison proves something', () => {
    const states = new Map<string, number>();
    for (const label of labels)
      for (const view of [
        'carrier_departures',
        'origin_departures',
        'plane_departures',
        'plane_history',
        'plane_model',
        'weather',
      ]) {
        const kind = `${view} ${oracle.view(view, label, asServed).state}`;
        states.set(kind, (states.get(kind) ?? 0) + 1);
      }
    const share = (kind: string): number => (states.get(kind) ?? 0) / labels.length;
    for (const view of ['carrier_departures', 'origin_departures', 'weather'])
      expect(share(`${view} present`)).toBeGreaterThan(0.9);
    for (const view of ['plane_departures', 'plane_history', 'plane_model'])
      expect(share(`${view} present`)).toBeGreaterThan(0.5);
    for (const kind of [
      'plane_model missing',
      'plane_departures missing',
      'plane_history missing',
      'plane_departures expired',
    ])
      expect(share(kind)).toBeGreaterThan(0);
    const filled = (name: string): number => rows.filter((row) => row[name] !== null).length / rows.length;
    for (const name of Object.keys(oracle.delayModel(labels[0] ?? {}, asServed)))
      expect.soft(filled(name), name).toBeGreaterThan(0.3);
  });
});

describe('every stored feature, read in other ways, for labels in a CSV file, in one dataset or split by time', () => {
  const readings: readonly FlightsReading[] = [
    { mode: 'eventTime', lag: 0 },
    { mode: 'knowledgeTime', lag: 26 * hourMillis },
  ];
  it.each(readings)('equals the oracle with $mode and a lag of $lag ms', async (reading) => {
    const { connections, target, folder } = flights;
    const spineRows = labels.filter((_, at) => at % 5 === 0);
    const cutMillis = Number(spineRows[1000]?.event_timestamp);
    const isSplit = reading.mode === 'knowledgeTime';
    const isTrain = (label: ParquetRow): boolean => Number(label.event_timestamp) < cutMillis;
    const some = isSplit ? [...spineRows.filter(isTrain), ...spineRows.filter((label) => !isTrain(label))] : spineRows;
    const out = join(folder, `training-set-${reading.mode}`);
    rmSync(out, { recursive: true, force: true });
    const spine = join(folder, 'some-labels.csv');
    writeFileSync(spine, csvOf(spineRows));
    await buildTrainingSet(connections, target, {
      id: `all-${reading.mode.toLowerCase()}-${Date.now()}`,
      spine: { file: spine },
      choice: {
        features: [...allStoredFeatures],
        mode: reading.mode,
        lagMillis: reading.lag,
        ...(isSplit ? { split: { kind: 'time', cutsMillis: [cutMillis] } } : {}),
      },
      out,
    });
    const rows = await datasetRows(out);
    expect(existsSync(join(out, 'train'))).toBe(isSplit);
    expect(rows.map(({ flight_id }) => flight_id)).toEqual(some.map(({ flight_id }) => flight_id));
    expect(allStoredFeatures.length).toBe(55);
    const seen = (label: ParquetRow): FlightsRow =>
      Object.fromEntries(
        allStoredFeatures.map((ref) => {
          const [view = '', feature = ''] = ref.split(':');
          return [`${view}__${feature}`, oracle.view(view, label, reading).values[feature] ?? null];
        }),
      );
    expect(differences(rows, some.map(seen))).toEqual([]);
  });
});

describe('vectors that are served now', () => {
  it('are the rows of a training set at the instant of the answer, on-demand features among them', async () => {
    const { connections, target, folder } = flights;
    const asked = labels.filter((_, at) => at % 400 === 0);
    const answer = await httpCall(target, '/v1/online-features', {
      body: {
        service: 'delay_model',
        format: 'vector',
        consistency: 'strong',
        entities: asked.map(({ carrier, origin, tailnum }) => ({ carrier, origin, tailnum })),
        request: asked.map(({ distance }) => ({ distance })),
      },
    });
    expect(answer.status, answer.text).toBe(200);
    const { names, rows, meta } = answer.json as ServedVectors; // the API's documented shape
    const spine = join(folder, 'labels-of-now.csv');
    writeFileSync(spine, csvOf(asked.map((label) => ({ ...label, event_timestamp: Date.parse(meta.asOf) }))));
    const out = join(folder, 'training-set-of-now');
    rmSync(out, { recursive: true, force: true });
    const id = `now-${Date.now()}`;
    await buildTrainingSet(connections, target, {
      id,
      spine: { file: spine },
      choice: { service: 'delay_model' },
      out,
    });
    const dataset = await datasetRows(out);
    expect(dataset.length).toBe(50);
    const served = rows.map(({ vector }) => Object.fromEntries(names.map((name, at) => [name, vector[at] ?? null])));
    const trained = dataset.map((row) => Object.fromEntries(names.map((name) => [name, numberOf(row[name])])));
    expect(differences(trained, served)).toEqual([]);
    const computed = [
      'flight_context__distance_km',
      'flight_context__utc_hour',
      'origin_rush',
      'carrier_trend',
      'delay_pressure',
    ];
    for (const name of computed)
      expect.soft(trained.filter((row) => row[name] !== null).length, name).toBeGreaterThan(5);
  });
});

interface ServedVectors {
  readonly names: readonly string[];
  readonly rows: readonly { readonly vector: readonly (number | null)[] }[];
  readonly meta: { readonly asOf: string };
}

/** A value of the dataset as a vector has it. */
const numberOf = (value: ParquetRow[string] | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/** Labels as people have them in a CSV file: instants in ISO 8601, nothing for null. */
function csvOf(rows: readonly ParquetRow[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cell = (name: string, value: ParquetRow[string]): string =>
    name === 'event_timestamp' ? new Date(Number(value)).toISOString() : String(value ?? '');
  return [names.join(','), ...rows.map((row) => names.map((name) => cell(name, row[name] ?? null)).join(','))].join(
    '\n',
  );
}
