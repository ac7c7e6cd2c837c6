import type { Part, WindowPlan } from '#semantics/stream/window-plan.ts';
import { eventColumns as logColumns } from '#spec/layout.ts';
import type { Column, Entity, StreamSource, StreamView } from '#spec/manifest.ts';
import { type ColumnType, decimalParts } from '#spec/value-type.ts';
import { columnsRead } from './columns-read.ts';
import { quoted } from './text.ts';
import { sqlType, withoutNegativeZero } from './types.ts';

/**
 * Columns of historyEntitiesSql besides the entity's keys: arrays with one element per tile, or per event of an exact view, all in one order. What
 * is a list in each tile comes as one array with the lists one after the other, and their lengths beside it.
 */
export const historyColumns = {
  level: '_levels',
  endMillis: '_ends',
  eventMillis: '_times',
  /** Of part i of the plan: counts, sums as digits, values, hashes of distinct, buckets of quantile. */
  part: (index: number): string => `_p${index}`,
  /** Lengths of the lists in `part`; null where distinct has registers instead. */
  lengths: (index: number): string => `_p${index}_len`,
  /** Event times beside the values of first, last and lastN. */
  times: (index: number): string => `_p${index}_t`,
  /** Registers of distinct (rank * 1024 + register), and how many each tile has. */
  registers: (index: number): string => `_p${index}_r`,
  registerLengths: (index: number): string => `_p${index}_r_len`,
  /** Counts beside the buckets of quantile. */
  counts: (index: number): string => `_p${index}_n`,
  /** Of an exact view: a column of the events, or its hash. */
  column: (name: string): string => `_c_${name}`,
} as const;

/** What is read of each event of an exact view: columns of the source as they are, and hashes of some. */
export const historyEventColumns = (
  view: Pick<StreamView, 'features'>,
  source: Pick<StreamSource, 'schema'>,
  plan: WindowPlan,
): { readonly columns: readonly Column[]; readonly hashed: readonly string[] } => {
  const read = new Set(columnsRead(view.features, source.schema));
  return {
    columns: source.schema.filter(({ name }) => read.has(name)),
    hashed: plan.fields.filter(({ isHash }) => isHash).map(({ column }) => column),
  };
};

/** Decimals and dates come as text, since Parquet lists of them are not read. */
export const comesAsText = (type: ColumnType): boolean => type === 'date' || decimalParts(type) !== undefined;

export interface HistoryEntitiesOptions {
  readonly view: Pick<StreamView, 'features'>;
  readonly source: Pick<StreamSource, 'schema'>;
  readonly entity: Entity;
  readonly plan: WindowPlan;
  /** Statement of backfillTilesSql. */
  readonly tiles: string;
}

/** The tiles of backfillTilesSql with all tiles of an entity in one row: rows can be cut anywhere. */
export function historyEntitiesSql({ view, source, entity, plan, tiles }: HistoryEntitiesOptions): string {
  const keys = entity.keys.map(({ name }) => quoted(name)).join(', ');
  const all = (expression: string): string => `array_agg(${expression} ORDER BY _at)`;
  const ofEvents = historyEventColumns(view, source, plan);
  const columns = plan.exact ? eventColumns(ofEvents, all) : tileColumns(plan, all);
  const order = plan.exact ? eventOrder(ofEvents) : '_level, _end_ms';
  return [
    'WITH history_tiles AS (',
    tiles,
    '), numbered_tiles AS (',
    `SELECT *, row_number() OVER (PARTITION BY ${keys} ORDER BY ${order}) AS _at FROM history_tiles`,
    ')',
    `SELECT ${keys}, ${columns.join(', ')}`,
    'FROM numbered_tiles',
    `GROUP BY ${keys}`,
  ].join('\n');
}

type Aggregate = (expression: string) => string;

const tileColumns = (plan: WindowPlan, all: Aggregate): string[] => [
  `${all('CAST(_level AS bigint)')} AS ${quoted(historyColumns.level)}`,
  `${all('_end_ms')} AS ${quoted(historyColumns.endMillis)}`,
  ...plan.parts.flatMap((part, index) => partColumns(part, index, all)),
];

function partColumns({ kind, type = 'int64' }: Part, index: number, all: Aggregate): string[] {
  const from = (suffix = ''): string => quoted(`_p${index}${suffix}`);
  const as = (expression: string, name: string): string => `${expression} AS ${quoted(name)}`;
  const lists = (suffix: string): string =>
    `flatten(${all(`COALESCE(${from(suffix)}, CAST(ARRAY[] AS array(bigint)))`)})`;
  const lengths = (suffix: string): string => all(`cardinality(${from(suffix)})`);
  switch (kind) {
    case 'min':
    case 'max':
      return [as(all(transported(from(), type)), historyColumns.part(index))];
    case 'first':
    case 'last':
    case 'lastN': {
      const values = comesAsText(type) ? `transform(${from('_v')}, _x -> CAST(_x AS varchar))` : from('_v');
      const none = `CAST(ARRAY[] AS array(${comesAsText(type) ? 'varchar' : sqlType(type)}))`;
      return [
        as(lengths('_t'), historyColumns.lengths(index)),
        as(lists('_t'), historyColumns.times(index)),
        as(`flatten(${all(`COALESCE(${values}, ${none})`)})`, historyColumns.part(index)),
      ];
    }
    case 'distinct':
      return [
        as(lengths('_h'), historyColumns.lengths(index)),
        as(lists('_h'), historyColumns.part(index)),
        as(lengths('_r'), historyColumns.registerLengths(index)),
        as(lists('_r'), historyColumns.registers(index)),
      ];
    case 'quantile':
      return [
        as(lengths('_b'), historyColumns.lengths(index)),
        as(lists('_b'), historyColumns.part(index)),
        as(lists('_n'), historyColumns.counts(index)),
      ];
    default:
      return [as(all(from()), historyColumns.part(index))];
  }
}

const eventColumns = ({ columns, hashed }: ReturnType<typeof historyEventColumns>, all: Aggregate): string[] => [
  `${all('_event_ms')} AS ${quoted(historyColumns.eventMillis)}`,
  ...columns.map(
    ({ name, type }) => `${all(transported(quoted(name), type))} AS ${quoted(historyColumns.column(name))}`,
  ),
  ...hashed
    .map((name) => logColumns.hash(name))
    .map((name) => `${all(quoted(name))} AS ${quoted(historyColumns.column(name))}`),
];

/** By every column: events of one instant have one order, so that a backfill that is run again gives equal rows on any engine. */
const eventOrder = ({ columns, hashed }: ReturnType<typeof historyEventColumns>): string =>
  [
    '_event_ms',
    ...[...columns.map(({ name }) => name), ...hashed.map((name) => logColumns.hash(name))].map(
      (name) => `${quoted(name)} IS NULL, ${quoted(name)}`, // engines differ on where nulls stand
    ),
  ].join(', ');

const transported = (expression: string, type: ColumnType): string =>
  comesAsText(type) ? `CAST(${expression} AS varchar)` : withoutNegativeZero(expression, type);
