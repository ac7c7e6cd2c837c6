import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flightsFolder } from '#cli/quickstart/flights-data.ts';
import { freePorts } from '#localstack/free-port.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { type CliRun, runCli } from '../support/run-cli.ts';

let flights: DeployedFlights;
/** Files that the commands are given. */
let folder: string;
const id = `cli-${Date.now().toString(36)}`;

const header = 'carrier,origin,tailnum,distance,event_timestamp,label';
const row = 'UA,EWR,N14228,1400,2026-01-05T10:00:00Z,a';

const files: Readonly<Record<string, string>> = {
  'spine.csv': `${header}\n${row}\nAA,JFK,,1089,2026-01-04T10:00:00+01:00,b\n`,
  'empty.csv': '',
  'header-only.csv': `${header}\n`,
  'ragged.csv': `${header}\n${row}\nAA,JFK\n`,
  'unclosed.csv': `${header}\n${row}\n"AA,JFK,N1,7,2026-01-05T10:00:00Z,b\n`,
  'naive.csv': `${header}\nUA,EWR,N14228,1400,2026-01-05 10:00:00,a\n`,
  'too-early.csv': `${header}\nUA,EWR,,1400,1900-01-05T10:00:00Z,a\n`,
  'no-times.csv': 'carrier,origin,tailnum,distance\nUA,EWR,N14228,1400\n',
  'no-keys.csv': 'carrier,distance,event_timestamp\nUA,1400,2026-01-05T10:00:00Z\n',
  'wrong-type.csv': `${header}\nUA,EWR,N14228,far,2026-01-05T10:00:00Z,a\n`,
  'not.parquet': 'these bytes are no Parquet file',
  'target-of-another-form.json': '{"endpoint": 7}',
  'target-that-is-not-json.json': 'endpoint: here',
};

beforeAll(async () => {
  flights = await deployedFlights();
  folder = join(flights.folder, id);
  mkdirSync(join(folder, 'broken-definitions'), { recursive: true });
  mkdirSync(join(folder, 'failing-config'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const [port] = await freePorts(1);
  const dead = `http://127.0.0.1:${port}`;
  const targets = {
    'dead-target.json': { endpoint: dead, dynamodbEndpoint: dead, apiUrl: `${dead}/v1` },
    'wrong-token.json': { apiToken: 'nonsense' },
  };
  for (const [name, changes] of Object.entries(targets))
    writeFileSync(join(folder, name), JSON.stringify({ ...flights.target, ...changes }));
  writeFileSync(
    join(folder, 'broken-definitions', 'tidemark.config.ts'),
    `import { batchView, count, defineConfig, entity, hours, int64, mean, parquetSource, timestamp } from 'tidemark';
const driver = entity('driver', { keys: { driver_id: int64() } });
const trips = parquetSource('trips', { location: 'trips/', schema: { driver_id: int64(), at: timestamp() }, eventTime: 'at' });
const stats = batchView('Stats', { entity: driver, source: trips, schedule: hours(1), ttl: hours(1), delay: hours(1),
  features: { trips: count({ window: 0 }), fare: mean('fair' as never, { window: hours(1) }) } });
export default defineConfig({ project: 'broken', definitions: [stats], stages: { dev: {} } });
`,
  );
  writeFileSync(join(folder, 'failing-config', 'tidemark.config.ts'), "throw new Error('no luck');\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Words of a command line; `@name` is a file of the folder. */
const run = (line: string, { target = flights.targetName } = {}): Promise<CliRun> =>
  runCli([
    ...line.split(' ').map((word) => word.replace(/^@/, `${folder}/`)),
    ...(line.includes('--target') ? [] : ['--target', target]),
  ]);

async function json(line: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await run(`${line} --json`);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe('every command speaks JSON', () => {
  it('plan: nothing to change', async () => {
    expect(await json('plan')).toEqual({ changes: [] });
  });

  it('explain: the view as it is declared', async () => {
    expect(await json('explain carrier_departures')).toMatchObject({
      name: 'carrier_departures',
      scheduleMillis: 3_600_000,
    });
  });

  it('load: the files of a source, as one answer', async () => {
    const file = join(flightsFolder, 'data', 'planes.parquet');
    const loaded = { file, key: 'sources/planes/', rows: 3322 };
    expect(await json(`load plane_registry ${file} ${file}`)).toEqual({
      source: 'plane_registry',
      files: [loaded, loaded],
    });
  });

  it('materialize and runs: the record of a run', async () => {
    const record = await json('materialize weather');
    expect(record).toMatchObject({ view: 'weather@1', kind: 'table' });
    const runs = (await json('runs weather --limit 3')) as { view: string; run: number }[]; // records
    expect(runs[0]).toEqual(record);
    expect(runs.every(({ view }) => view === 'weather@1')).toBe(true);
  });

  it("online get: the API's answer", async () => {
    const answer = await json(
      'online get --service delay_model --entity carrier=UA,origin=EWR,tailnum=N14228 --request distance=1400',
    );
    expect(answer).toMatchObject({
      rows: [{ entity: { carrier: 'UA', origin: 'EWR', tailnum: 'N14228' } }],
      meta: { partial: false },
    });
  });

  it('training-set explain: what a training set would read and cost', async () => {
    const plan = await json('training-set explain --spine @spine.csv --service delay_model --lag 2h');
    expect(plan).toMatchObject({ rows: 2, statements: 1, lagMillis: 7_200_000, entitiesWithoutKeys: [] });
    expect((plan as { bytesToScan: number }).bytesToScan).toBeGreaterThan(0); // the plan, as it is declared
  });

  it('training-set create, list, show and sql: the dataset', async () => {
    const out = join(folder, 'dataset');
    const dataset = await json(
      `training-set create --spine @spine.csv --service delay_model --lag 2h --id ${id} --out ${out}`,
    );
    expect(dataset).toMatchObject({ id, rows: 2, lagMillis: 7_200_000 });
    expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))).toEqual(dataset);
    expect(existsSync(join(out, (dataset as { files: { name: string }[] }).files[0]?.name ?? ''))).toBe(true); // manifest
    expect(await json('training-set list')).toContainEqual(expect.objectContaining({ id, rows: 2 }));
    const shown = { ...Object(dataset), statistics: expect.objectContaining({ rows: 2 }) };
    expect(await json(`training-set show ${id}`)).toEqual(shown);
    expect(await json('training-set sql --service delay_model')).toEqual({ sql: expect.stringContaining('max_by(') });
    const again = await run(`training-set create --spine @spine.csv --features weather:humidity --id ${id}`);
    expect(again).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/exists/) });
  });

  it('training-set diff and delete: no differences with itself; deleted only when confirmed, then not listed', async () => {
    expect(await json(`training-set diff ${id} ${id}`)).toMatchObject({ rows: 2, changed: [] });
    expect(await run(`training-set delete ${id}`)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/--yes/),
    });
    expect(await json(`training-set delete ${id} --yes`)).toMatchObject({ id });
    expect(await json('training-set list')).not.toContainEqual(expect.objectContaining({ id }));
    expect(await run(`training-set diff ${id} ${id}`)).toMatchObject({ exitCode: 6 });
  });

  it("local status: whether the developer's cloud is up", async () => {
    expect(await json('local status')).toMatchObject({ name: 'dev', state: expect.stringMatching(/running|stopped/) });
  });

  it('and so do failures, on stderr', async () => {
    const { exitCode, stdout, stderr } = await run('explain wether --json');
    expect([exitCode, stdout]).toEqual([6, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      code: expect.stringMatching(/^\w+\.\w+$/),
      message: expect.stringContaining('weather'),
    });
  });
});

/** What is wrong, the command line, the exit code (2 usage or bad input, 4 failed, 5 auth, 6 not found), what is said. */
const badInputs: readonly (readonly [what: string, line: string, exitCode: number, says: RegExp])[] = [
  ['no such command', 'materialise weather', 2, /unknown command/],
  ['no such option', 'explain weather --verbos', 2, /--verbos/],
  ['an option without its value', 'training-set create --spine', 2, /--spine/],
  ['no such target', 'runs --target nowhere', 6, /nowhere.*tidemark deploy/],
  ['a target of another form', 'runs --target @target-of-another-form.json', 2, /target-of-another-form.*deploy again/],
  [
    'a target that is not JSON',
    'runs --target @target-that-is-not-json.json',
    2,
    /target-that-is-not-json.*deploy again/,
  ],
  ['no view', 'materialize', 2, /name one view/],
  ['an unknown view', 'materialize wether', 6, /weather/],
  ['an unknown version', 'materialize weather@4', 6, /weather/],
  ['a view that is not stored', 'materialize flight_context', 2, /flight_context/],
  ['an instant that is none', 'materialize weather --from yesterday', 2, /yesterday/],
  ['a naive instant', 'materialize weather --from 2026-01-01T00:00:00', 2, /Z|offset/],
  [
    'an interval backwards',
    'materialize carrier_departures --from 2026-01-02T00:00:00Z --to 2026-01-01T00:00:00Z',
    2,
    /from before to/,
  ],
  ['an unknown view of runs', 'runs wether', 6, /weather/],
  ['a limit that is no number', 'runs --limit many', 2, /limit/],
  ['an unknown view of explain', 'explain wether', 6, /weather/],
  ['no source', 'load', 2, /name a source/],
  ['an unknown source', 'load departuers @spine.csv', 6, /departures/],
  ['a missing file', 'load departures @missing.parquet', 6, /missing\.parquet/],
  ['a file that is not Parquet', 'load departures @not.parquet', 2, /Parquet/],
  ['a file of another source', `load departures ${join(flightsFolder, 'data', 'planes.parquet')}`, 2, /flight_id/],
  ['neither service nor features', 'online get --entity carrier=UA', 2, /--service or --features/],
  ['an unknown service', 'online get --service delay_modle --entity carrier=UA', 6, /delay_model/],
  ['an unknown feature', 'online get --features weather:humidty --entity origin=EWR', 6, /humidity/],
  ['no entity', 'online get --features weather:humidity', 2, /entities/],
  ['an unknown key', 'online get --features weather:humidity --entity orign=EWR', 2, /origin/],
  [
    'a missing request field',
    'online get --service delay_model --entity carrier=UA,origin=EWR,tailnum=N1',
    2,
    /distance/,
  ],
  [
    'a request field of a wrong type',
    'online get --service delay_model --entity carrier=UA,origin=EWR,tailnum=N1 --request distance=far',
    2,
    /distance/,
  ],
  [
    'a wrong token',
    'online get --features weather:humidity --entity origin=EWR --target @wrong-token.json',
    5,
    /token/,
  ],
  ['a wrong token of plan', 'plan --target @wrong-token.json', 5, /token/],
  ['no spine', 'training-set create --service delay_model', 2, /--spine/],
  ['a missing spine', 'training-set create --service delay_model --spine @missing.csv', 6, /missing\.csv/],
  [
    'a spine in another bucket',
    'training-set create --service delay_model --spine s3://elsewhere/spine.csv',
    2,
    /bucket/,
  ],
  [
    'a spine that is not in the bucket',
    `training-set create --service delay_model --spine s3://BUCKET/training-sets/none.csv`,
    6,
    /no spine/,
  ],
  [
    'two modes',
    'training-set create --service delay_model --spine @spine.csv --event-time --knowledge-time',
    2,
    /exclude/,
  ],
  ['a lag that is none', 'training-set create --service delay_model --spine @spine.csv --lag soon', 2, /soon/],
  ['an id that is none', 'training-set create --service delay_model --spine @spine.csv --id Not_An_Id', 2, /id/],
  ['an unknown service to train on', 'training-set create --service delay_modle --spine @spine.csv', 6, /delay_model/],
  ['an empty spine', 'training-set create --service delay_model --spine @empty.csv', 2, /empty|no rows/],
  ['a spine without rows', 'training-set create --service delay_model --spine @header-only.csv', 2, /no rows|empty/],
  ['a CSV row of another length', 'training-set create --service delay_model --spine @ragged.csv', 2, /2 .*6|6 .*2/],
  ['a CSV quote that is not closed', 'training-set create --service delay_model --spine @unclosed.csv', 2, /quote/],
  [
    'a training set beyond what it may cost',
    'training-set create --service delay_model --spine @spine.csv --max-cost 0.000001',
    2,
    /would cost about .*--max-cost/,
  ],
  ['a cost that is none', 'training-set create --service delay_model --spine @spine.csv --max-cost cheap', 2, /cheap/],
  [
    'labels of a time without data',
    'training-set create --features carrier_departures:departures_24h --spine @too-early.csv',
    2,
    /no label would get a value/,
  ],
  ['naive times', 'training-set create --service delay_model --spine @naive.csv', 2, /event_timestamp.*(offset|Z)/],
  ['no event time', 'training-set create --service delay_model --spine @no-times.csv', 2, /event time/],
  [
    'no key columns',
    'training-set create --service delay_model --spine @no-keys.csv',
    2,
    /no column origin.*no column tailnum/,
  ],
  [
    'a spine column of a wrong type',
    'training-set create --service delay_model --spine @wrong-type.csv',
    2,
    /distance/,
  ],
  [
    'a file that is neither CSV nor Parquet',
    'training-set create --service delay_model --spine @not.parquet',
    2,
    /spine/,
  ],
  [
    'an unknown event-time column',
    'training-set create --service delay_model --spine @spine.csv --event-time-column when',
    2,
    /when/,
  ],
  ['no entities to export', 'export --service delay_model', 2, /--entities/],
  ['an export of nothing', 'export --entities @no-times.csv', 2, /--service or --features/],
  [
    'an export as of an instant that has not come',
    'export --entities @no-times.csv --service delay_model --as-of 2100-01-01T00:00:00Z',
    2,
    /2100-01-01T00:00:00.000Z are not known yet/,
  ],
  ['an export of an unknown view', 'export --entities @no-times.csv --features nobody:knows', 6, /nobody/],
  ['an unknown training set', 'training-set show none-of-that-name', 6, /none-of-that-name/],
  ['no training set named', 'training-set show', 2, /name a training set/],
  ['an unknown view to verify', 'verify wether', 6, /weather/],
  ['a limit of nothing to verify', 'verify --limit 0', 2, /limit/],
  ['a folder without definitions', 'plan --repository @nowhere', 6, /tidemark\.config\.ts/],
  ['definitions that cannot be loaded', 'plan --repository @failing-config', 2, /no luck/],
  ['a deployment to nowhere', 'deploy --to moon', 2, /moon/],
  ['a repository to deploy that is none', 'deploy --repository @nowhere', 6, /tidemark\.config\.ts/],
  [
    'an unreachable cloud: online get',
    'online get --features weather:humidity --entity origin=EWR --target @dead-target.json',
    4,
    /cannot reach/,
  ],
  ['an unreachable cloud: plan', 'plan --target @dead-target.json', 4, /cannot reach/],
  ['an unreachable cloud: runs', 'runs --target @dead-target.json', 4, /cannot reach/],
  ['an unreachable cloud: materialize', 'materialize weather --target @dead-target.json', 4, /cannot reach/],
  [
    'an unreachable cloud: load',
    `load plane_registry ${join(flightsFolder, 'data', 'planes.parquet')} --target @dead-target.json`,
    4,
    /cannot reach/,
  ],
  [
    'an unreachable cloud: training set',
    'training-set create --service delay_model --spine @spine.csv --target @dead-target.json',
    4,
    /cannot reach/,
  ],
  ['an unreachable cloud: verify', 'verify weather --target @dead-target.json', 4, /cannot reach/],
];

describe('bad input', () => {
  it.concurrent.each(badInputs)('%s', async (...[, line, exitCode, says]) => {
    const { stdout, stderr, ...ended } = await run(line.replace('BUCKET', flights.target.bucket));
    expect(stderr).toMatch(says);
    expect(ended.exitCode, stderr).toBe(exitCode);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^\s+at |node_modules|\.ts:\d+:\d+\)/m);
    const sentences = stderr
      .trim()
      .split('\n')
      .filter((said) => !/^(training set|materialize|verify) ?\S*: .* \(/.test(said));
    if (!/unknown command/.test(stderr)) expect(sentences.length, stderr).toBe(1);
  });

  it('tells everything that is wrong with definitions, with file and line', async () => {
    const { exitCode, stderr } = await run('plan --repository @broken-definitions');
    expect(exitCode).toBe(2);
    for (const fault of [/Stats/, /fair/, /window/, /ttl/, /tidemark\.config\.ts:\d+/]) expect(stderr).toMatch(fault);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
