import { partsPerPower } from '#semantics/stream/ddsketch.ts';
import type { Part } from '#semantics/stream/window-plan.ts';
import { distinctRegisters } from '#spec/aggregation.ts';
import { eventColumns } from '#spec/layout.ts';
import type { Column } from '#spec/manifest.ts';
import type { CommonTable } from './common-table.ts';
import {
  countsBeyond,
  countsValue,
  type EventValue,
  exactInteger,
  exactSquare,
  filtered,
  timedValue,
  usableValue,
} from './event-values.ts';
import { bucketNumber, powerBelow, quantileBeyond, quantileNumber } from './quantile-buckets.ts';
import { rankOf, registerOf } from './span-distincts.ts';
import { bigint, double, quoted } from './text.ts';
import { sqlType } from './types.ts';

/** Parts of tiles in SQL: what an event contributes to each, and how tiles hold them. Parts are named `_p<index>` by their place in the plan. */

/** A part with its place. */
export interface PlacedPart extends Part {
  readonly index: number;
}

export const partName = (index: number): string => `_p${index}`;
const nameOf = ({ index }: PlacedPart): string => partName(index);
const valueRead = ({ column = '', type = 'int64', where }: PlacedPart): EventValue => ({ column, type, where });

/** What an event contributes to a part (null: nothing). `_t` is its time. */
export function contribution(part: PlacedPart, schema: readonly Column[]): string {
  const value = valueRead(part);
  const exact = { ...value, scale: part.scale ?? 0, bound: part.bound };
  switch (part.kind) {
    case 'count':
      return part.column === undefined
        ? `CAST(${filtered(part.where, schema, '1')} AS bigint)`
        : countsValue(value, schema);
    case 'sum':
      return exactInteger(exact, schema);
    case 'squares':
      return exactSquare(exact, schema);
    case 'beyond':
      return part.scale === undefined ? quantileBeyond(value, schema) : (countsBeyond(exact, schema) ?? 'NULL');
    case 'first':
    case 'last':
      return timedValue(value, schema, '_t');
    case 'distinct':
      // Zero is no hash: a rank is at least 1. It stands for a usable value without one.
      return `CASE WHEN ${countsValue(value, schema)} IS NOT NULL THEN COALESCE(${quoted(eventColumns.hash(value.column))}, BIGINT '0') END`;
    case 'quantile':
      return quantileNumber(value, schema);
    default:
      return usableValue(value, schema);
  }
}

/** How contributions of a tile fold into one value; undefined: the part is a list of them. */
export function foldOf({ kind }: Part): 'sum' | 'min' | 'max' | undefined {
  if (kind === 'lastN' || kind === 'distinct' || kind === 'quantile') return undefined;
  if (kind === 'min' || kind === 'first') return 'min';
  return kind === 'max' || kind === 'last' ? 'max' : 'sum';
}

/** Columns of a tile from its folded part. */
export function foldedColumns(part: PlacedPart): readonly string[] {
  const name = nameOf(part);
  switch (part.kind) {
    case 'sum':
    case 'squares':
      return [`CAST(${name} AS varchar) AS ${name}`];
    case 'first':
    case 'last': {
      const of = (field: string, type: string): string =>
        `CASE WHEN ${name} IS NOT NULL THEN ARRAY[${name}.${field}] ELSE CAST(NULL AS array(${type})) END`;
      return [`${of('t', 'bigint')} AS ${name}_t`, `${of('v', sqlType(part.type ?? 'int64'))} AS ${name}_v`];
    }
    default:
      return [name];
  }
}

interface Lists {
  /** Columns that name a tile. */
  readonly tile: string;
  /** Table of events with their tiles and contributions. */
  readonly from: string;
  readonly parts: readonly PlacedPart[];
}

/** Tables whose last has the tile's columns and lists of all parts of one kind; none where there is no such part. */
export function listTables({ tile, from, parts }: Lists): readonly (readonly CommonTable[])[] {
  const of = (kind: Part['kind']): Lists => ({ tile, from, parts: parts.filter((part) => part.kind === kind) });
  return [lastTables(of('lastN')), distinctTables(of('distinct')), quantileTables(of('quantile'))].filter(
    (tables) => tables.length > 0,
  );
}

const own = (position: number, more = ''): string => `FILTER (WHERE _part = ${position}${more})`;
const choice = (parts: readonly PlacedPart[]): string =>
  `CASE ${parts.map((part, position) => `WHEN _part = ${position} THEN ${nameOf(part)}`).join(' ')} END`;

function lastTables({ tile, from, parts }: Lists): readonly CommonTable[] {
  if (parts.length === 0) return [];
  const names = parts.map(nameOf);
  const listed = parts.map(({ limit = 1 }, position) => `(${position}, ${limit})`).join(', ');
  const values = names.map((name, position) => `CASE WHEN _part = ${position} THEN ${name} END AS ${name}`).join(', ');
  const isValue = names.map((name, position) => `(_part = ${position} AND ${name} IS NOT NULL)`).join(' OR ');
  const newest = ['_t', ...names].map((name) => `${name} DESC`).join(', ');
  const lists = names.flatMap((name, position) => [
    `array_agg(_t ORDER BY _t, ${name}) ${own(position)} AS ${name}_t`,
    `array_agg(${name} ORDER BY _t, ${name}) ${own(position)} AS ${name}_v`,
  ]);
  return [
    {
      name: 'tile_lists',
      query: [
        `SELECT ${tile}, ${lists.join(', ')} FROM (`,
        `SELECT *, row_number() OVER (PARTITION BY ${tile}, _part ORDER BY ${newest}) AS _rank FROM (`,
        `SELECT ${tile}, _t, _part, _limit, ${values}`,
        `FROM ${from} CROSS JOIN (VALUES ${listed}) AS parts (_part, _limit) WHERE ${isValue}`,
        `) listed) ranked WHERE _rank <= _limit GROUP BY ${tile}`,
      ].join('\n'),
    },
  ];
}

function distinctTables({ tile, from, parts }: Lists): readonly CommonTable[] {
  if (parts.length === 0) return [];
  const listed = parts.map(({ exactUpTo = 0 }, position) => `(${position}, ${bigint(exactUpTo)})`).join(', ');
  const hashes = parts.flatMap((part, position) => {
    const name = nameOf(part);
    const isUnknown = `min(CASE WHEN _part = ${position} THEN _hash END) = 0`;
    const isExact = `max(CASE WHEN _part = ${position} THEN _rank END) <= ${part.exactUpTo ?? 0}`;
    const exact = `array_agg(_hash ORDER BY _hash) ${own(position, ' AND _rank <= _exact')}`;
    return [
      `CASE WHEN ${isUnknown} THEN ARRAY[CAST(NULL AS bigint)] WHEN ${isExact} THEN ${exact} END AS ${name}_h`,
      `CASE WHEN NOT (${isExact}) AND NOT (${isUnknown}) THEN true END AS ${name}_is_many`,
    ];
  });
  const registers = parts.map(
    (part, position) =>
      `array_agg(_rank * ${distinctRegisters} + _register ORDER BY _register) ${own(position)} AS ${nameOf(part)}_r`,
  );
  const columns = parts
    .map(nameOf)
    .map((name) => `h.${name}_h, CASE WHEN h.${name}_is_many THEN r.${name}_r END AS ${name}_r`);
  const keys = tile.split(', ');
  return [
    {
      name: 'tile_hashes',
      query: [
        'SELECT * FROM (',
        `SELECT DISTINCT ${tile}, _part, _exact, ${choice(parts)} AS _hash`,
        `FROM ${from} CROSS JOIN (VALUES ${listed}) AS parts (_part, _exact)`,
        ') listed WHERE _hash IS NOT NULL',
      ].join('\n'),
    },
    {
      name: 'tile_names',
      query: [
        `SELECT ${tile}, ${hashes.join(', ')} FROM (`,
        `SELECT *, row_number() OVER (PARTITION BY ${tile}, _part ORDER BY _hash) AS _rank FROM tile_hashes`,
        `) ranked GROUP BY ${tile}`,
      ].join('\n'),
    },
    {
      name: 'tile_registers',
      query: [
        `SELECT ${tile}, ${registers.join(', ')} FROM (`,
        `SELECT ${tile}, _part, ${registerOf('_hash')} AS _register, max(${rankOf('_hash')}) AS _rank FROM tile_hashes GROUP BY ${tile}, _part, ${registerOf('_hash')}`,
        `) registers GROUP BY ${tile}`,
      ].join('\n'),
    },
    {
      name: 'tile_distincts',
      query: [
        `SELECT ${keys.map((key) => `h.${key}`).join(', ')}, ${columns.join(', ')}`,
        `FROM tile_names h JOIN tile_registers r ON ${keys.map((key) => `r.${key} = h.${key}`).join(' AND ')}`,
      ].join('\n'),
    },
  ];
}

function quantileTables({ tile, from, parts }: Lists): readonly CommonTable[] {
  if (parts.length === 0) return [];
  const listed = parts
    .map(({ relativeError = 0.01 }, position) => `(${position}, ${double(partsPerPower(relativeError))})`)
    .join(', ');
  const bucket = bucketNumber({ value: '_x', magnitude: '_m', power: '_power', parts: '_parts' });
  const lists = parts.flatMap((part, position) => [
    `array_agg(_bucket ORDER BY _bucket) ${own(position)} AS ${nameOf(part)}_b`,
    `array_agg(_count ORDER BY _bucket) ${own(position)} AS ${nameOf(part)}_n`,
  ]);
  return [
    {
      name: 'tile_quantiles',
      query: [
        `SELECT ${tile}, ${lists.join(', ')} FROM (`,
        `SELECT ${tile}, _part, _bucket, count(*) AS _count FROM (`,
        `SELECT ${tile}, _part, ${bucket} AS _bucket FROM (`,
        `SELECT *, ${powerBelow('_m')} AS _power FROM (`,
        `SELECT *, abs(_x) AS _m FROM (`,
        `SELECT ${tile}, _part, CAST(_parts AS double) AS _parts, ${choice(parts)} AS _x`,
        `FROM ${from} CROSS JOIN (VALUES ${listed}) AS parts (_part, _parts)`,
        ') listed WHERE _x IS NOT NULL) magnitudes) powers) bucketed',
        `GROUP BY ${tile}, _part, _bucket) counted GROUP BY ${tile}`,
      ].join('\n'),
    },
  ];
}
