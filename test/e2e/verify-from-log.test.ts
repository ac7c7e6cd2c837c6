import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { flightsFolder } from '#cli/quickstart/flights-data.ts';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import { readServingLog } from '#engine/serving-log/read-log.ts';
import { findService } from '#spec/find.ts';
import { servingLogSource } from '#spec/serving-log.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { httpCall } from '../support/http-call.ts';
import { parquetRows } from '../support/parquet-rows.ts';
import { runCli } from '../support/run-cli.ts';

interface Difference {
  readonly requestId: string;
  readonly entity: Readonly<Record<string, unknown>>;
  readonly feature: string;
  readonly logged: { readonly value: unknown; readonly status: string };
  readonly recomputed: { readonly value: unknown; readonly status: string };
}
/** What `verify --from-log --json` prints. */
interface Report {
  readonly found: number;
  readonly compared: number;
  readonly lost: number;
  readonly services: Readonly<
    Record<
      string,
      {
        readonly checked: number;
        readonly mismatchCount: number;
        readonly mismatches: readonly Difference[];
        readonly statuses: Readonly<Record<string, number>>;
      }
    >
  >;
}

const requests = 200;
const rowsOfRequest = 4;
const rowCount = requests * rowsOfRequest;

let flights: DeployedFlights;
let range: { readonly fromMillis: number; readonly toMillis: number };
const log = () => readServingLog(flights.connections.objects, { ...range, limit: rowCount });

interface Flight {
  readonly carrier: string;
  readonly origin: string;
  readonly tailnum: string;
  readonly distance: number | null;
}

/** One request in four is in the form of Feast, and one is for the features of the stream. */
function requestOf(request: number, rows: readonly Flight[]): readonly [path: string, body: object] {
  const column = (name: keyof Flight) => rows.map((row) => row[name]);
  if (request % 4 === 3) {
    const names = ['carrier', 'origin', 'tailnum', 'distance'] as const;
    const entities = Object.fromEntries(names.map((name) => [name, column(name)]));
    return ['/get-online-features', { feature_service: 'delay_model', full_feature_names: true, entities }];
  }
  if (request % 4 === 1) {
    const entities = rows.map(({ carrier, origin }) => ({ carrier, origin }));
    return ['/v1/online-features', { service: 'delay_nowcast', entities }];
  }
  const entities = rows.map(({ carrier, origin, tailnum }) => ({ carrier, origin, tailnum }));
  const fields = rows.map(({ distance }) => ({ distance }));
  return ['/v1/online-features', { service: 'delay_model', entities, request: fields }];
}

/** Traffic of four flights a request, some of carriers and planes that nobody knows. */
beforeAll(async () => {
  flights = await deployedFlights();
  const departures = await parquetRows(
    readFileSync(join(flightsFolder, 'data', 'departures.parquet')),
    flights.shiftMillis,
  );
  const asked = Array.from({ length: rowCount }, (_, at): Flight => {
    const { carrier, origin, tailnum, distance } = departures[(at * 97) % departures.length] ?? {};
    return {
      carrier: at % 40 === 7 ? 'nobody' : String(carrier),
      origin: String(origin),
      tailnum: at % 40 === 9 ? 'N0' : String(tailnum),
      distance: at % 40 === 11 ? null : Number(distance) + at,
    };
  });
  const fromMillis = Date.now(); // the deployment's clock is this machine's
  for (let request = 0; request < requests; request++) {
    const rows = asked.slice(request * rowsOfRequest, (request + 1) * rowsOfRequest);
    const [path, body] = requestOf(request, rows);
    const { status, text } = await httpCall(flights.target, path, { body });
    expect(status, text).toBe(200);
  }
  range = { fromMillis, toMillis: Date.now() + 1 };
  await vi.waitFor(async () => expect((await log()).found).toBe(rowCount), { timeout: 120_000, interval: 1000 });
});

async function verify(...services: string[]): Promise<{ readonly exitCode: number | null; readonly report: Report }> {
  const [from, to] = [range.fromMillis, range.toMillis].map((millis) => new Date(millis).toISOString());
  const run = await runCli([
    'verify',
    '--from-log',
    ...services,
    '--from',
    from ?? '',
    '--to',
    to ?? '',
    '--target',
    flights.targetName,
    '--json',
  ]);
  expect(run.stdout, run.stderr).not.toBe('');
  return { exitCode: run.exitCode, report: JSON.parse(run.stdout) as Report }; // the command's documented shape
}

it('recomputes every value that was served to live traffic at its own instant, and finds all of them equal', async () => {
  const { exitCode, report } = await verify();
  for (const [name, share] of [
    ['delay_model', 0.75],
    ['delay_nowcast', 0.25],
  ] as const) {
    const service = report.services[`${name}@1`];
    expect(service?.mismatches).toEqual([]);
    expect(service?.checked).toBe(rowCount * share * findService(flights.manifest, name).features.length);
    expect(service?.statuses.PRESENT).toBeGreaterThan((service?.checked ?? 0) / 4);
  }
  expect(exitCode).toBe(0);
  expect(report).toMatchObject({ found: rowCount, compared: rowCount, lost: 0 });
  expect(Object.keys(report.services['delay_model@1']?.statuses ?? {})).toEqual(
    expect.arrayContaining(['PRESENT', 'MISSING', 'EXPIRED', 'DEFAULT']),
  );
});

it('tells from the log which views are read, by whom', async () => {
  const { exitCode, stdout, stderr } = await runCli(['usage', '--target', flights.targetName, '--json']);
  expect(exitCode, stderr).toBe(0);
  const { views } = JSON.parse(stdout) as {
    views: readonly { view: string; state: string; readBy: readonly string[] }[];
  }; // its documented shape
  const used = (view: string) => views.find((of) => of.view === view);
  expect(used('carrier_departures@1')?.state, stdout).toBe('used');
  expect(used('carrier_departures@1')?.readBy).toContain('delay_model@1');
  expect(used('carrier_departures_live@1')?.readBy, stdout).toContain('delay_nowcast@1');
});

it('finds exactly the one value that was changed in the log, with its request, entity and feature', async () => {
  const { objects } = flights.connections;
  const [row] = (await log()).rows.filter(
    ({ features, statuses }) => /"built_year":\d|__built_year":\d/.test(features) && statuses !== null,
  );
  if (!row) throw new Error('no row with the year that a plane was built');
  const year = Number(/__built_year":(\d+)/.exec(row.features)?.[1]);
  const key = await fileOf(row.writer, row.number);
  const stored = (await objects.get(key))?.body ?? new Uint8Array();
  try {
    await objects.put(key, await planted(stored, row, [`__built_year":${year}`, `__built_year":${year + 1}`]));
    const { exitCode, report } = await verify('delay_model');
    expect(exitCode).toBe(1);
    expect(report.services['delay_model@1']).toMatchObject({ mismatchCount: 1 });
    expect(report.services['delay_model@1']?.mismatches).toEqual([
      {
        requestId: row.requestId,
        asOf: new Date(row.asOfMillis).toISOString(),
        entity: JSON.parse(row.entity),
        feature: 'plane_model__built_year',
        logged: { value: year + 1, status: 'PRESENT' },
        recomputed: { value: year, status: 'PRESENT' },
      },
    ]);
  } finally {
    await objects.put(key, stored);
  }
});

const nameAt = (name: string): number => servingLogSource.schema.findIndex((column) => column.name === name);

async function fileOf(writer: string, number: number): Promise<string> {
  const { objects } = flights.connections;
  for await (const { key } of objects.list('events/serving.log/')) {
    const file = await openParquet(bytesSource((await objects.get(key))?.body ?? new Uint8Array()));
    const [writers = [], numbers = []] = await readColumns(file, [{ name: 'writer' }, { name: 'number' }]);
    if (writers.some((one, at) => one === writer && numbers[at] === BigInt(number))) return key;
  }
  throw new Error(`row ${number} of ${writer} lies in no file`);
}

/** The file with one text of one row's features in place of another. */
async function planted(
  body: Uint8Array,
  { writer, number }: { readonly writer: string; readonly number: number },
  [right, wrong]: readonly [string, string],
): Promise<Uint8Array> {
  const columns = await readColumns(await openParquet(bytesSource(body)), servingLogSource.schema);
  const [writers = [], numbers = []] = [columns[nameAt('writer')], columns[nameAt('number')]];
  return writeParquet(
    servingLogSource.schema.map(({ name, type }, column) => ({
      name,
      type,
      values: (columns[column] ?? []).map((value, at) =>
        name === 'features' && writers[at] === writer && numbers[at] === BigInt(number)
          ? String(value).replace(right, wrong)
          : value,
      ),
    })),
  );
}
