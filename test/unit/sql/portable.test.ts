import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadRepository } from '#define/node/load-repository.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import type { VisibilityMode } from '#semantics/visibility.ts';
import type { Aggregation, ColumnAggregate } from '#spec/aggregation.ts';
import { findEntity, findParquetSource, findRowSource, findStreamSource } from '#spec/find.ts';
import type { Column, EntityView, Manifest, StreamView } from '#spec/manifest.ts';
import { type FeatureType, isFloatType, isIntegerType, type ScalarType, scalarTypes } from '#spec/value-type.ts';
import { analystsViewSql } from '#sql/analysts-view-sql.ts';
import { asOfSql } from '#sql/as-of-sql.ts';
import { backfillTilesSql } from '#sql/backfill-tiles-sql.ts';
import { batchRowsSql } from '#sql/batch-rows-sql.ts';
import { entityKeysSql } from '#sql/entity-keys-sql.ts';
import { entityRowsSql } from '#sql/entity-rows-sql.ts';
import type { ViewOnTables } from '#sql/feature-rows.ts';
import { historyEntitiesSql } from '#sql/history-entities-sql.ts';
import { labelRowsSeenSql, ownEventsSql } from '#sql/label-rows-seen-sql.ts';
import { onlineSelectionSql } from '#sql/online-selection-sql.ts';
import { tableSelectionSql } from '#sql/table-selection-sql.ts';
import { trainingSetSql } from '#sql/training-set-sql.ts';
import { unloadSql } from '#sql/unload-sql.ts';
import { manifest as propertyManifest } from '../../property/batch-views.ts';
import { manifest as streamManifest, streamViewCases } from '../../property/stream-world.ts';
import {
  type BatchFeature,
  batchViewOf,
  entityOf,
  manifestOf,
  sourceOf,
  streamSourceOf,
  streamViewOf,
  tableViewOf,
} from '../../support/manifests.ts';
import { callsOf, divisionsOf, functionsOf, isDouble, splitTop, withoutLiterals } from '../../support/sql-text.ts';

/** The portable subset of docs/adr/0002: what Trino and the local engine answer alike. */
const allowedFunctions: ReadonlySet<string> = new Set(
  `abs array array_agg cardinality cast coalesce count date_add date_diff flatten floor from_hex greatest is_finite is_nan lead least
  length lpad max max_by min mod nullif round row row_number sequence sqrt substr sum transform unnest`.split(/\s+/),
);
/** Words before a bracket that call nothing. */
const notFunctions: ReadonlySet<string> = new Set(
  'and as between by decimal else end exists filter from in is join not on or over select then timestamp unload values when where with'.split(
    ' ',
  ),
);
const maxAthenaBytes = 256 * 1024;
const hour = 3_600_000;
const now = Date.UTC(2026, 0, 2);
const database = 'tidemark_test_dev';

interface Statement {
  readonly name: string;
  readonly sql: string;
}

/** Every kind of statement that a manifest gives. */
function statementsOf(project: string, manifest: Manifest): Statement[] {
  const views = manifest.views.filter((view): view is EntityView => view.kind !== 'onDemand');
  const on = <TView extends EntityView>(view: TView) => ({
    database,
    view,
    source: findRowSource(manifest, view.source),
    entity: findEntity(manifest, view.entity),
  });
  const perView = views.flatMap((view): Statement[] =>
    (view.kind === 'stream' ? streamStatements(manifest, view) : storedStatements(manifest, on(view))).map(
      ({ name, sql }) => ({ name: `${project} ${view.name} ${name}`, sql }),
    ),
  );
  const selections = views.map((view) => ({ view, features: view.features.map(({ name }) => name) }));
  const modes: readonly VisibilityMode[] = ['asServed', 'eventTime', 'knowledgeTime'];
  const trainingSets = modes.map((mode) => ({
    name: `${project} training set ${mode}`,
    sql: trainingSetSql({
      database,
      manifest,
      views: selections,
      mode,
      lagMillis: 7,
      dataset: 'ts-1',
      parts: { first: 0, last: 89 },
      eventTimeRangeMillis: { min: now - 24 * hour, max: now },
      withMarks: true,
    }),
  }));
  const keys = manifest.entities.flatMap((entity) => {
    const own = views.filter((view) => view.entity === entity.name).map(on);
    return own.length > 0 ? [{ name: `${project} keys of ${entity.name}`, sql: entityKeysSql(entity, own) }] : [];
  });
  const labels = {
    database,
    manifest,
    dataset: 'leakage-1',
    lagMillis: 0,
    eventTimeRangeMillis: { min: now - 24 * hour, max: now },
  };
  const leakage = views.flatMap((view): Statement[] =>
    modes.flatMap((mode) => [
      ...(view.kind === 'stream'
        ? []
        : [
            {
              name: `${project} ${view.name} rows seen ${mode}`,
              sql: labelRowsSeenSql({ ...labels, view, features: view.features.map(({ name }) => name), mode }),
            },
          ]),
      ...(view.kind === 'table'
        ? []
        : [{ name: `${project} ${view.name} own events ${mode}`, sql: ownEventsSql({ ...labels, view, mode }) }]),
    ]),
  );
  const asOf = views.map((view) => ({
    name: `${project} ${view.name} as of`,
    sql: asOfSql({ database, manifest, view, atMillis: now }).sql,
  }));
  return [...perView, ...trainingSets, ...keys, ...leakage, ...asOf];
}

function storedStatements(manifest: Manifest, on: ViewOnTables): Statement[] {
  const { view, source } = on;
  const keys = on.entity.keys.map(() => "'k'");
  const statements = [
    { name: 'analysts', sql: analystsViewSql(on).sql },
    { name: 'entity', sql: entityRowsSql(on, { keys, bounds: { minEventMillis: now - hour, maxEventMillis: now } }) },
  ];
  if (view.kind === 'batch') {
    const interval = { fromMillis: now - 30 * hour, toMillis: now };
    const covered = [{ fromMillis: now - 10 * hour, toMillis: now - 5 * hour }];
    const parquet = findParquetSource(manifest, view.source);
    return [
      ...statements,
      { name: 'batch rows', sql: batchRowsSql({ ...on, view, source: parquet, ...interval, covered }) },
      { name: 'online selection', sql: onlineSelectionSql({ ...on, view, ...interval, nowMillis: now }) },
    ];
  }
  const objects =
    source.kind === 'stream' ? (['all'] as const) : (['all', ["s3://b/sources/a'b.parquet"], []] as const);
  return [
    ...statements,
    ...objects.map((newObjects) => ({
      name: `table selection of ${newObjects.length}`,
      sql: tableSelectionSql({ ...on, view, newObjects, visibleAfterMillis: now - hour, nowMillis: now }),
    })),
  ];
}

function streamStatements(manifest: Manifest, view: StreamView): Statement[] {
  const options = { database, manifest, view, cutMillis: now, asOfMillis: now - 60_000 };
  const source = findStreamSource(manifest, view.source);
  const tiles = backfillTilesSql(options);
  const entity = findEntity(manifest, view.entity);
  return [
    { name: 'tiles', sql: tiles },
    { name: 'history', sql: historyEntitiesSql({ view, source, entity, plan: planWindows(view, source), tiles }) },
  ];
}

const columns: readonly Column[] = [
  { name: 'id', type: 'int64' },
  { name: 'at', type: 'timestamp' },
  { name: 'made', type: 'timestamp' },
  { name: 'gone', type: 'bool' },
  { name: 'money', type: 'decimal(12,2)' },
  { name: 'day', type: 'date' },
  ...scalarTypes.flatMap((type): Column[] => [
    { name: `a_${type}`, type },
    { name: `l_${type}`, type: `list<${type}>` },
  ]),
];
const entity = entityOf('thing', [{ name: 'id', type: 'int64' }]);
const source = sourceOf('things', columns, {
  eventTime: 'at',
  createdTime: 'made',
  deleted: 'gone',
  partitionedBy: { column: 'dt', of: 'at' },
});
const events = sourceOf('events', columns, { eventTime: 'at' });
const isFeature = ({ name }: Column): boolean => name.startsWith('a_') || name.startsWith('l_');

/** A batch view of `size` features: every aggregate over every column that takes it, then again over other windows. */
function largeBatchView(size: number) {
  const kinds: readonly ColumnAggregate[] = [
    'sum',
    'mean',
    'variance',
    'stddev',
    'min',
    'max',
    'first',
    'last',
    'distinct',
  ];
  const numeric = columns.filter(({ type }) => isFloatType(type) || isIntegerType(type) || type.startsWith('decimal'));
  const features: BatchFeature[] = [];
  for (let window = hour; features.length < size; window += hour)
    for (const kind of kinds)
      for (const { name, type } of numeric) {
        const scale = isFloatType(type) ? { scale: 6 } : {};
        const where = { op: 'eq', column: 'a_string', value: "o'clock" } as const;
        const part: Aggregation = { kind, column: name, windowMillis: window, where, ...scale };
        const isKept = kind === 'min' || kind === 'max' || kind === 'first' || kind === 'last';
        const kept = type.startsWith('decimal') ? 'float64' : (type as FeatureType); // numeric columns are features or decimals
        const whole = kind === 'distinct' || (kind === 'sum' && isIntegerType(type)) ? 'int64' : 'float64';
        const isRatio = features.length % 7 === 0;
        const formula = isRatio ? ({ kind: 'ratio', numerator: part, denominator: part } as const) : part;
        const own = isKept ? kept : whole;
        features.push({ name: `f${features.length}`, type: isRatio ? 'float64' : own, formula });
      }
  return batchViewOf('large', features.slice(0, size), {
    entity: 'thing',
    source: 'events',
    scheduleMillis: hour,
    delayMillis: 60_000,
    ttlMillis: 48 * hour,
  });
}

/** A stream view of `size` features: every aggregate of a stream over every column that takes it, then again over other windows. */
function largeStreamView(name: string, size: number) {
  const numeric = columns.filter(({ type }) => isFloatType(type) || isIntegerType(type) || type.startsWith('decimal'));
  const kinds: readonly ColumnAggregate[] = ['sum', 'variance', 'max', 'last', 'lastN', 'distinct', 'approxQuantile'];
  const features: BatchFeature[] = [];
  for (let window = hour; features.length < size; window += hour)
    for (const kind of kinds)
      for (const column of numeric) {
        const isExact = kind === 'sum' || kind === 'variance';
        const part: Aggregation = {
          kind,
          column: column.name,
          windowMillis: window,
          hopMillis: 60_000,
          where: { op: 'eq', column: 'a_string', value: "o'clock" },
          ...(isExact && isFloatType(column.type) ? { scale: 6 } : {}),
          ...(kind === 'lastN' ? { limit: 5 } : {}),
          ...(kind === 'distinct' ? { exactUpTo: 64 } : {}),
          ...(kind === 'approxQuantile' ? { quantile: 0.9, relativeError: 0.01 } : {}),
        };
        const isWhole = kind === 'distinct' || (kind === 'sum' && isIntegerType(column.type));
        const kept = column.type.startsWith('decimal') ? 'float64' : (column.type as ScalarType); // numeric columns are scalars or decimals
        const isKept = kind === 'max' || kind === 'last';
        const type = isWhole ? 'int64' : isKept ? kept : kind === 'lastN' ? (`list<${kept}>` as const) : 'float64';
        features.push({ name: `f${features.length}`, type, formula: part });
      }
  return streamViewOf(name, features.slice(0, size), { entity: 'thing', source: 'stream' });
}

const everyType = tableViewOf(
  'every_type',
  columns.filter(isFeature).map(({ name, type }) => ({ name, type: type as FeatureType })), // isFeature leaves feature types
  { entity: 'thing', source: 'things', ttlMillis: 48 * hour, delayMillis: 5 },
);
const wideTable = tableViewOf(
  'wide',
  Array.from({ length: 200 }, (_, at) => ({ name: `feature_with_a_rather_long_name_${at}`, type: 'float64' as const })),
  { entity: 'thing', source: 'things' },
);
const stream = streamSourceOf('stream', columns, {
  eventTime: 'at',
  createdTime: 'made',
  deleted: 'gone',
  hashed: columns.filter(isFeature).map(({ name }) => name),
  deduplicateBy: { field: 'id', withinMillis: hour },
  history: {
    location: 'stream/',
    partitionedBy: { column: 'dt', of: 'at' },
    untilMillis: now - 7 * hour,
    latencyMillis: 1,
  },
});
const streamTable = tableViewOf(
  'newest',
  columns.filter(isFeature).map(({ name, type }) => ({ name, type: type as FeatureType })), // isFeature leaves feature types
  { entity: 'thing', source: 'stream', delayMillis: 5 },
);
const synthetic = manifestOf({
  entities: [entity],
  sources: [source, events, stream],
  views: [largeBatchView(60), everyType, largeStreamView('streamed', 60), streamTable],
});
/** As many features as a training set may have. */
const widest = manifestOf({ entities: [entity], sources: [stream], views: [largeStreamView('widest', 200)] });
const wide = manifestOf({ entities: [entity], sources: [source, events], views: [largeBatchView(200), wideTable] });

describe('generated SQL', () => {
  let statements: readonly Statement[];
  beforeAll(async () => {
    const examples = await Promise.all(
      ['flights', 'ride-sharing'].map(async (name) => {
        const { repository } = await loadRepository(join(import.meta.dirname, '../../../examples', name));
        return statementsOf(name, repository.manifest);
      }),
    );
    statements = [
      ...examples.flat(),
      ...statementsOf('property', propertyManifest),
      ...statementsOf('synthetic', synthetic),
      ...statementsOf('wide', wide),
      ...statementsOf('widest', widest),
      // not all at once: a training set has at most 200 features
      ...streamViewCases.flatMap(({ view }) =>
        statementsOf(`property ${view.name}`, {
          ...streamManifest,
          views: [{ ...view, features: view.features.slice(0, 150) }],
        }),
      ),
    ];
  });
  /** Statements for which a check finds something, with what it found. */
  const faults = (find: (sql: string) => readonly string[]): readonly string[] =>
    statements.flatMap(({ name, sql }) => [...new Set(find(sql))].map((fault) => `${name}: ${fault}`));

  it('covers every kind of statement', () => {
    const kinds = [
      'analysts',
      'batch rows',
      'online selection',
      'table selection',
      'training set',
      'keys of',
      'tiles',
      'history',
    ];
    expect(kinds.filter((kind) => !statements.some(({ name }) => name.includes(kind)))).toEqual([]);
    expect(statements.length).toBeGreaterThan(50);
  });

  it('calls only functions that engines answer alike', () => {
    const isKnown = (name: string) =>
      allowedFunctions.has(name) || notFunctions.has(name) || /^w(\d+|_all)$/.test(name);
    // names of relations with their columns call nothing
    const calls = (sql: string) => [...functionsOf(sql.replaceAll(/\bAS \w+ \(/g, 'AS ('))];
    expect(faults((sql) => calls(sql).filter((name) => !isKnown(name)))).toEqual([]);
  });

  it('are the functions that the decision lists', () => {
    const decision = readFileSync(join(import.meta.dirname, '../../../docs/adr/0002-portable-sql.md'), 'utf8');
    const listed = /\*\*Functions\*\*: `([^`]+)`/.exec(decision)?.[1] ?? '';
    expect(listed.split(/\s+/)).toEqual([...allowedFunctions]);
  });

  it('counts time in milliseconds only', () => {
    const units = (sql: string) => callsOf(sql, 'date_diff').map((call) => call.arguments[0] ?? '');
    expect(faults((sql) => units(sql).filter((unit) => unit !== "'millisecond'"))).toEqual([]);
    expect(faults((sql) => /\bINTERVAL\b|current_|\bnow\(/i.exec(withoutLiterals(sql)) ?? [])).toEqual([]);
  });

  it('adds days to the epoch and less than a day to them: date_add takes 32 bits', () => {
    const day = (of: string) => `CAST(floor(CAST(${of} AS double) / 8.64e7) AS bigint)`;
    const isBounded = ([unit, count = '']: readonly (string | undefined)[]) => {
      const millis = count.slice(0, count.indexOf(' - '));
      return unit === "'day'"
        ? count.startsWith('CAST(floor(')
        : count === `${millis} - ${day(millis)} * BIGINT '86400000'`;
    };
    const calls = statements.flatMap(({ sql }) => callsOf(sql, 'date_add'));
    expect(calls.length).toBeGreaterThan(10);
    expect(calls.filter((call) => !isBounded(call.arguments))).toEqual([]);
    expect(isBounded(["'millisecond'", "BIGINT '1772348400000'"])).toBe(false);
  });

  it('divides doubles only', () => {
    const divisions = statements.flatMap(({ sql }) => divisionsOf(withoutLiterals(sql)));
    expect(divisions.length).toBeGreaterThan(100);
    expect([...new Set(divisions.flat().filter((operand) => !isDouble(operand)))]).toEqual([]);
  });

  it('would see a division of other numbers', () => {
    const refused = [
      'a / 2',
      'CAST(a AS double) / b',
      '(a + 1) / 1e0',
      'CASE WHEN a THEN b ELSE 1e0 END / 1e0',
      '1e0 / sum(c)',
    ];
    const readings = refused.map((sql) => divisionsOf(sql).flat().every(isDouble));
    expect(readings).toEqual(refused.map(() => false));
    expect(
      divisionsOf('sqrt((CAST(a AS double) * 1e2) / NULLIF(CASE WHEN b THEN 0e0 ELSE 1e0 END, 0e0))')
        .flat()
        .every(isDouble),
    ).toBe(true);
  });

  it('has no clause on which engines differ', () => {
    const refused = /\b(IGNORE NULLS|RESPECT NULLS|QUALIFY|NULLS FIRST|NULLS LAST|LATERAL|TRY|DECIMAL ''|INSERT)\b/i;
    expect(faults((sql) => refused.exec(withoutLiterals(sql)) ?? [])).toEqual([]);
    const unordered = faults((sql) =>
      callsOf(withoutLiterals(sql), 'array_agg').flatMap((call) =>
        call.arguments.join(', ').includes(' ORDER BY ') ? [] : call.arguments,
      ),
    );
    expect(unordered).toEqual([]);
  });

  it('writes no array of more than 254 elements: Trino 435 refuses it', () => {
    const arrays = statements.flatMap(({ sql }) => [...sql.matchAll(/ARRAY\[([^[\]]*)\]/g)]);
    expect(arrays.length).toBeGreaterThan(20);
    expect(arrays.map(([, elements = '']) => elements.split(',').length).filter((count) => count > 254)).toEqual([]);
  });

  it('never casts a double to a decimal', () => {
    const isFromDouble = (cast: string) =>
      !cast.startsWith('NULL AS') &&
      /\sAS decimal\(\d+,\d+\)$/.test(cast) &&
      isDouble(cast.replace(/\sAS decimal\(\d+,\d+\)$/, ''));
    expect(
      faults((sql) =>
        callsOf(withoutLiterals(sql), 'CAST')
          .map((call) => call.arguments.join(', '))
          .filter(isFromDouble),
      ),
    ).toEqual([]);
  });

  it('compares rows by keys without a nullable field', () => {
    const neverNull = /^(_event_ms|_created_ms|_run|_deleted|CASE WHEN .+ IS NULL\b.*|COALESCE\(.*|NULL AS ROW.*)$/s;
    const keysOf = (sql: string): readonly string[] => {
      const second = callsOf(sql, 'max_by').map((call) => call.arguments[1] ?? '');
      const isNamed = (key: string): boolean => /^_o\d+$/.test(key);
      const named = callsOf(sql, 'CAST').filter(({ after }) => /^ AS _o\d+\b/.test(after));
      return [...second.filter((key) => !isNamed(key)), ...named.map((call) => call.arguments.join(', '))];
    };
    const keys = statements.flatMap(({ sql }) => callsOf(sql, 'max_by'));
    expect(keys.length).toBeGreaterThan(20);
    expect(
      faults((sql) => keysOf(sql).flatMap((key) => fieldsOf(key).filter((field) => !neverNull.test(field)))),
    ).toEqual([]);
    // What these names stand for is never null either.
    const created = statements.flatMap(({ sql }) =>
      [...sql.matchAll(/SELECT ([^\n]*) AS _created_ms/g)].map(([, text = '']) => splitTop(text, /,/).at(-1) ?? ''),
    );
    expect(created.filter((text) => !/^(COALESCE|date_diff|BIGINT|_t$|_event_ms$)/.test(text))).toEqual([]);
  });

  it('says format and compression of what it unloads', () => {
    const sql = unloadSql({ select: 'SELECT 1 AS a, 2 AS part', uri: "s3://b/it's/", partitionedBy: ['part'] });
    expect(sql).toBe(
      "UNLOAD (\nSELECT 1 AS a, 2 AS part\n)\nTO 's3://b/it''s/'\nWITH (format = 'PARQUET', compression = 'SNAPPY', partitioned_by = ARRAY['part'])",
    );
  });

  it('stays under the limit of a statement at 200 features', () => {
    const sizes = statements.map(({ name, sql }) => ({
      name,
      bytes: Buffer.byteLength(unloadSql({ select: sql, uri: 's3://bucket/folder/' })),
    }));
    expect(Math.max(...sizes.map(({ bytes }) => bytes))).toBeGreaterThan(50_000);
    expect(sizes.filter(({ bytes }) => bytes >= maxAthenaBytes)).toEqual([]);
  });
});

/** Fields of `CAST(ROW(a, b) AS ROW(...))`, or of a typed null. */
function fieldsOf(key: string): readonly string[] {
  const [row] = callsOf(key, 'ROW');
  return key.startsWith('NULL') || key.startsWith('CAST(NULL') ? [] : (row?.arguments ?? []);
}
