import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import './inferred-client.ts';
import './inferred-types.ts'; // what they define can also be run

/** Definitions that the cases go on from; nothing in them is wrong. */
const preamble = `import * as t from 'tidemark';
const driver = t.entity('driver', { keys: { driver_id: t.int64() } });
const trips = t.parquetSource('trips', {
  location: 'trips/',
  schema: { driver_id: t.int64(), fare: t.float64(), status: t.string(), price: t.decimal(10, 2), paid: t.bool(), at: t.timestamp() },
  eventTime: 'at',
});
const window = t.days(1);
const stats = t.batchView('stats', { entity: driver, source: trips, schedule: t.hours(1), features: { mean_fare: t.mean('fare', { window }), name: t.last('status', { window }) } });
const orders = t.streamSource('orders', {
  schema: { driver_id: t.int64(), order_id: t.string(), total: t.float64(), at: t.timestamp() }, eventTime: 'at', eventId: 'order_id',
});
const ride = t.requestSource('ride', { schema: { km: t.float64() } });
void ride;
`;
const columns = 'at, driver_id, fare, paid, price, status';
const aggregate = (formula: string): string =>
  `t.batchView('wrong', { entity: driver, source: trips, schedule: t.hours(1), features: { wrong: ${formula} } });`;
const compute = (transform: string): string =>
  `t.onDemandView('wrong', { inputs: { stats, ride }, outputs: { x: t.float64() }, transform: ${transform} });`;

const aggregateStream = (formula: string): string =>
  `t.streamView('wrong', { entity: driver, source: orders, features: { wrong: ${formula} } });`;

const ask = (call: string): string => `import { createClient } from 'tidemark/client';
const fraud = t.featureService('fraud', [stats.features.mean_fare]);
const client = createClient<{ driver: typeof driver; stats: typeof stats; orders: typeof orders; fraud: typeof fraud }>({ url: '', token: '' });
export const answer = ${call};`;

/** What is written, and what the compiler must say in one line. */
const wrong: readonly (readonly [title: string, code: string, said: string])[] = [
  [
    'an aggregate of an unknown column',
    aggregate("t.mean('fair', { window })"),
    `column \\"fair\\" is not in source \\"trips\\"; it has ${columns}`,
  ],
  [
    'a sum of a string',
    aggregate("t.sum('status', { window })"),
    'column \\"status\\" of source \\"trips\\" is string, and sum takes decimal, float32, float64, int32, int64',
  ],
  [
    'a comparison of a string column with a number',
    aggregate("t.count({ window, where: t.eq('status', 5) })"),
    'column \\"status\\" of source \\"trips\\" is string, and a comparison with a number takes decimal, float32, float64, int32, int64, timestamp',
  ],
  [
    'a comparison of a number column with a text',
    aggregate("t.count({ window, where: t.oneOf('fare', ['a', 'b']) })"),
    'column \\"fare\\" of source \\"trips\\" is float64, and a comparison with a string takes date, decimal, string, timestamp',
  ],
  [
    'a comparison of a string column with a boolean, deep inside',
    aggregate(
      "t.ratio(t.count({ window, where: t.not(t.and(t.eq('paid', true), t.eq('status', false))) }), t.count({ window }))",
    ),
    'column \\"status\\" of source \\"trips\\" is string, and a comparison with a boolean takes bool',
  ],
  [
    'a filter on an unknown column inside a ratio',
    aggregate("t.ratio(t.count({ window }), t.count({ window, where: t.isNull('state') }))"),
    `column \\"state\\" is not in source \\"trips\\"; it has ${columns}`,
  ],
  [
    'a default of another type',
    aggregate("t.mean('fare', { window, default: 'none' })"),
    "Type 'string' is not assignable to type 'number'.",
  ],
  ['an aggregate without a window', aggregate("t.mean('fare', {})"), "Property 'window' is missing in type '{}'"],
  [
    'a source without the key of the entity',
    `t.batchView('wrong', { entity: t.entity('rider', { keys: { rider_id: t.int64() } }), source: trips, schedule: 1, features: { n: t.count({ window }) } });`,
    `key \\"rider_id\\" of entity \\"rider\\" is not in source \\"trips\\"; it has ${columns}`,
  ],
  [
    'a key of another type',
    `t.tableView('wrong', { entity: t.entity('driver', { keys: { driver_id: t.string() } }), source: trips, features: { fare: t.feature() } });`,
    'key \\"driver_id\\" of entity \\"driver\\" is string, and column \\"driver_id\\" of source \\"trips\\" is int64',
  ],
  [
    'a float key',
    `t.entity('place', { keys: { lat: t.float64() } });`,
    `Type 'Typed<"float64">' is not assignable to type 'Typed<KeyType>'.`,
  ],
  [
    'a table feature of an unknown column',
    `t.tableView('wrong', { entity: driver, source: trips, features: { fair: t.feature() } });`,
    `column \\"fair\\" is not in source \\"trips\\"; it has ${columns}`,
  ],
  [
    'a table feature that cannot be stored',
    `t.tableView('wrong', { entity: driver, source: trips, features: { cost: t.feature('price') } });`,
    'column \\"price\\" of source \\"trips\\" is decimal(10,2), which only aggregates can read; a feature needs a type that can be stored',
  ],
  [
    'an event time that does not exist',
    `t.parquetSource('wrong', { location: 'w/', schema: { at: t.timestamp() }, eventTime: 'att' });`,
    'column \\"att\\" is not in the schema; it has at',
  ],
  [
    'an event time that is no timestamp',
    `t.parquetSource('wrong', { location: 'w/', schema: { at: t.string() }, eventTime: 'at' });`,
    'column \\"at\\" must be a timestamp, got string',
  ],
  [
    'a batch view of a stream',
    `t.batchView('wrong', { entity: driver, source: orders, schedule: t.hours(1), features: { n: t.count({ window }) } });`,
    'source \\"orders\\" is a stream: aggregate its events with streamView',
  ],
  [
    'a stream view of Parquet files',
    `t.streamView('wrong', { entity: driver, source: trips, features: { n: t.count({ window }) } });`,
    'source \\"trips\\" is Parquet files, which have no arrivals: aggregate them with batchView',
  ],
  [
    'a quantile in a batch view',
    aggregate("t.approxQuantile('fare', { window, quantile: 0.5 })"),
    'approxQuantile is for stream views only',
  ],
  [
    'the last values in a batch view',
    aggregate("t.lastN('status', { window, limit: 3 })"),
    'lastN is for stream views only',
  ],
  [
    'a quantile of texts',
    aggregateStream("t.approxQuantile('order_id', { window, quantile: 0.5 })"),
    'column \\"order_id\\" of source \\"orders\\" is string, and approxQuantile takes decimal, float32, float64, int32, int64',
  ],
  [
    'an aggregate of a column that the stream lacks',
    aggregateStream("t.mean('fare', { window })"),
    'column \\"fare\\" is not in source \\"orders\\"; it has at, driver_id, order_id, total',
  ],
  [
    'a list in a ratio',
    "t.ratio(t.lastN('total', { window, limit: 3 }), t.count({ window }));",
    `"lastN"' is not assignable to type`,
  ],
  [
    'the last values without a limit',
    aggregateStream("t.lastN('total', { window })"),
    "Property 'limit' is missing in type",
  ],
  [
    'a schedule of a stream view',
    `t.streamView('wrong', { entity: driver, source: orders, schedule: 1, features: { n: t.count({ window }) } });`,
    "'schedule' does not exist in type",
  ],
  [
    'a stream without the key of the entity',
    `t.streamView('wrong', { entity: t.entity('rider', { keys: { rider_id: t.int64() } }), source: orders, features: { n: t.count({ window }) } });`,
    'key \\"rider_id\\" of entity \\"rider\\" is not in source \\"orders\\"; it has at, driver_id, order_id, total',
  ],
  [
    'a stream whose event time is no timestamp',
    `t.streamSource('wrong', { schema: { at: t.string() }, eventTime: 'at' });`,
    'column \\"at\\" must be a timestamp, got string',
  ],
  [
    'a stream without event time',
    `t.streamSource('wrong', { schema: { at: t.timestamp() } });`,
    "Property 'eventTime' is missing in type",
  ],
  [
    'a stream whose event id does not exist',
    `t.streamSource('wrong', { schema: { at: t.timestamp() }, eventTime: 'at', eventId: 'id' });`,
    'column \\"id\\" is not in the schema; it has at',
  ],
  [
    'a stream whose shard is chosen by an unknown column',
    `t.streamSource('wrong', { schema: { at: t.timestamp() }, eventTime: 'at', partitionBy: ['at', 'id'] });`,
    'column \\"id\\" is not in the schema; it has at',
  ],
  [
    'a stream whose repetitions are known by an unknown column',
    `t.streamSource('wrong', { schema: { at: t.timestamp() }, eventTime: 'at', deduplicateBy: { field: 'id', within: 1 } });`,
    'column \\"id\\" is not in the schema; it has at',
  ],
  ['an unknown feature', 'stats.features.mean_fair;', "Property 'mean_fair' does not exist on type"],
  [
    'an unknown feature that is picked',
    `t.pick(stats, ['mean_fair']);`,
    'feature \\"mean_fair\\" is not in view \\"stats\\"; it has mean_fare, name',
  ],
  [
    'a transform that reads an unknown feature',
    compute('({ stats }) => ({ x: stats.mean_fair })'),
    "Property 'mean_fair' does not exist on type",
  ],
  [
    'a transform that reads an unknown field of the request',
    compute('({ ride }) => ({ x: ride.miles })'),
    "Property 'miles' does not exist on type",
  ],
  ['a transform that forgets null', compute('({ ride }) => ({ x: ride.km * 2 })'), "'ride.km' is possibly 'null'."],
  [
    'a transform that returns another type',
    compute('({ stats }) => ({ x: stats.name })'),
    "Type 'string' is not assignable to type 'number'.",
  ],
  [
    'a transform without a declared output',
    compute('() => ({ y: 1 })'),
    "Property 'x' is missing in type '{ readonly y: 1; }'",
  ],
  [
    'a client of an unknown service',
    ask("client.featureService('froud')"),
    `Argument of type '"froud"' is not assignable to parameter of type`,
  ],
  [
    'a client that reads an unknown value',
    ask(
      "client.onlineFeatures({ service: 'fraud', entities: [{ driver_id: 1n }] }).then(({ rows }) => rows[0]?.values.mean_fair)",
    ),
    "Property 'mean_fair' does not exist on type",
  ],
  [
    'a client with a key of another type',
    ask("client.onlineFeatures({ service: 'fraud', entities: [{ driver_id: true }] })"),
    "Type 'boolean' is not assignable to type 'string | number | bigint",
  ],
  [
    'a client with an unknown key',
    ask("client.onlineVectors({ features: ['stats:mean_fare'], entities: [{ rider_id: 1n }] })"),
    "'rider_id' does not exist in type",
  ],
  [
    'a client of an unknown feature',
    ask("client.onlineFeatures({ features: ['stats:mean_fair'], entities: [{ driver_id: 1n }] })"),
    'No overload matches this call.',
  ],
  [
    'a client that pushes an unknown column',
    ask("client.push('orders', [{ driver_id: 1n, sum: 3 }])"),
    "'sum' does not exist in type",
  ],
  ['an asynchronous transform', compute('async () => ({ x: 1 })'), "Property 'x' is missing in type 'Promise<"],
];

/** What must go through without a word. */
const right: readonly (readonly [title: string, code: string])[] = [
  [
    'every use that fits',
    aggregate(
      "t.ratio(t.sum('price', { window, where: t.and(t.gt('at', 0), t.eq('paid', true), t.lt('driver_id', 9007199254740993n)) }), t.count({ window }))",
    ),
  ],
  [
    'every use of a stream that fits',
    aggregateStream(
      "t.ratio(t.approxQuantile('total', { window, quantile: 0.9, hop: t.hours(1) }), t.distinct('order_id', { window, exactUpTo: 9, where: t.gt('at', 0) }))",
    ),
  ],
  [
    'a stream that says all that one can',
    "t.streamSource('all', { schema: { id: t.string(), at: t.timestamp(), made: t.timestamp(), gone: t.bool() }, eventTime: 'at', eventId: 'id', createdTime: 'made', deleted: 'gone', allowedSkew: 1, deduplicateBy: { field: 'id', within: 1 }, partitionBy: ['id', 'gone'], shards: 1, history: { location: 'old/', until: '2024-01-01T00:00:00Z' } });",
  ],
  [
    'a table view of a stream',
    "t.tableView('latest', { entity: driver, source: orders, features: { total: t.feature() } });",
  ],
  ['an output of null', compute('() => ({ x: null })')],
  [
    'a view whose source is known at run time only',
    "export const over = (source: typeof trips) => t.tableView('any', { entity: driver, source, features: { fare: t.feature() } });",
  ],
];

const compiler = resolve('node_modules/typescript7/bin/tsc');
const scratch = resolve('.tidemark/test');
let folder = '';
let diagnostics = new Map<string, string>();
const compile = (...more: readonly string[]): string => {
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', join(folder, 'tsconfig.json'), ...more], {
    encoding: 'utf8',
  });
  return stdout;
};
const fileOf = (kind: string, index: number): string => `${kind}-${index}.ts`;

beforeAll(() => {
  mkdirSync(scratch, { recursive: true });
  folder = mkdtempSync(join(scratch, 'types-'));
  const config = { extends: resolve('tsconfig.json'), compilerOptions: { types: [] }, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  for (const [index, [, code]] of wrong.entries()) writeFileSync(join(folder, fileOf('wrong', index)), preamble + code);
  for (const [index, [, code]] of right.entries()) writeFileSync(join(folder, fileOf('right', index)), preamble + code);
  const inferred = readFileSync('test/types/inferred-types.ts', 'utf8');
  writeFileSync(join(folder, 'inferred.ts'), inferred);
  writeFileSync(
    join(folder, 'inferred-otherwise.ts'),
    inferred.replace("TypeOf<'rate'>, 'float64'", "TypeOf<'rate'>, 'int64'"),
  );
  diagnostics = byFile(compile());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Diagnostics with their further lines, by file name. */
function byFile(output: string): Map<string, string> {
  const found = new Map<string, string>();
  let current = '';
  for (const line of output.split('\n')) {
    const start = /^(\S+\.ts)\(\d+,\d+\): error/.exec(line);
    if (start?.[1]) current = basename(start[1]);
    found.set(current, `${found.get(current) ?? ''}${line}\n`);
  }
  return found;
}

describe('the compiler refuses', () => {
  it.each(wrong.map(([title, , said], index) => [title, said, fileOf('wrong', index)] as const))(
    '%s',
    (_, said, file) => {
      const message = diagnostics.get(file) ?? 'nothing';
      expect(message).toContain(said);
      expect(message.match(/: error /g)).toHaveLength(1);
    },
  );
});

describe('the compiler accepts', () => {
  it.each(right.map(([title], index) => [title, fileOf('right', index)] as const))('%s', (_, file) => {
    expect(diagnostics.get(file)).toBeUndefined();
  });
});

describe('what is inferred', () => {
  it('is what test/types/inferred-types.ts says', () => {
    expect(diagnostics.get('inferred.ts')).toBeUndefined();
  });
  it('fails the type check when it is something else', () => {
    expect(diagnostics.get('inferred-otherwise.ts')).toContain("Type 'false' does not satisfy the constraint 'true'");
  });
});

describe('a view of 100 features', () => {
  it('costs the type checker a bounded number of instantiations', () => {
    const features = Array.from(
      { length: 100 },
      (_, index) =>
        `f${index}: t.mean('fare', { window, where: t.and(t.eq('status', 's${index}'), t.gt('fare', ${index})) })`,
    );
    for (let index = 0; index < wrong.length; index++) rmSync(join(folder, fileOf('wrong', index)));
    for (let index = 0; index < right.length; index++) rmSync(join(folder, fileOf('right', index)));
    for (const name of ['inferred.ts', 'inferred-otherwise.ts']) rmSync(join(folder, name));
    const instantiationsOf = (code: string): number => {
      writeFileSync(join(folder, 'wide.ts'), preamble + code);
      const output = compile('--extendedDiagnostics');
      expect(output).not.toContain(': error ');
      return Number(/Instantiations:\s+(\d+)/.exec(output)?.[1]);
    };
    const few = instantiationsOf('');
    const many = instantiationsOf(
      `export const wide = t.batchView('wide', { entity: driver, source: trips, schedule: t.hours(1), features: { ${features.join(', ')} } }); wide.features.f99;`,
    );
    // Measured 28,085 with TypeScript 7.0.2; the room is for small changes, not for a type that grows with the square of the features.
    expect(many - few).toBeGreaterThan(1000);
    expect(many - few).toBeLessThan(40_000);
  });
});
