import {
  estimateNumerator,
  linearCountingLimit,
  linearCounts,
  maximumRank,
  rankUnit,
} from '#semantics/stream/hyperloglog.ts';
import { distinctRegisters } from '#spec/aggregation.ts';
import type { PartPlan } from './aggregate-parts.ts';
import type { CommonTable } from './common-table.ts';
import { framed, framesOf } from './frame-window.ts';
import type { SpanTables } from './label-spans.ts';
import { bigint, double } from './text.ts';

/** Hash without its rank, and the rank: hashes are rank * 2^56 + name, never negative. */
const unit = bigint(rankUnit);
export const nameOf = (hash: string): string => `mod(${hash}, ${unit})`;
/** Exact: the difference is a multiple of 2^56 below 2^62. */
export const rankOf = (hash: string): string =>
  `CAST(CAST(${hash} - ${nameOf(hash)} AS double) / ${double(Number(rankUnit))} AS bigint)`;
export const registerOf = (hash: string): string => `mod(${hash}, ${bigint(distinctRegisters)})`;

/** 2^(52 - level) of a level of 1 to 52 (bigint), by a CASE over its name. */
const weights = Array.from(
  { length: maximumRank },
  (_, at) => `(${at + 1}, ${bigint(2n ** BigInt(maximumRank - at - 1))})`,
);

/**
 * Distinct values over spans. Where spans of a value overlap only what is new of each counts, so that +1 and -1 at the ends give the number of values.
 * Registers likewise: an event of rank r fills levels 1 to r of its register, and level l, while it is filled, takes 2^(52 - l) from the
 * sum over registers. The last table has keys, `_n` and each count over each of its windows.
 */
export function distinctTables(tables: SpanTables, plan: PartPlan): readonly CommonTable[] {
  const { keys, points, spans, windows, suffix } = tables;
  const key = keys.join(', ');
  const parts = plan.hashes;
  const listed = parts.map((_, index) => `(${index})`).join(', ');
  const reads = parts.flatMap((part, index) =>
    framesOf(part, windows).map(({ index: at }) => `(${index}, ${at}, ${bigint(part.exactUpTo)})`),
  );
  const hash = `CASE ${parts.map(({ name }, index) => `WHEN _part = ${index} THEN ${name}`).join(' ')} END`;
  const running = (name: string): string =>
    `sum(${name}) OVER (PARTITION BY ${key}, _part, _w ORDER BY _n, _k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS ${name}`;
  const pivoted = parts.flatMap((part, index) =>
    framesOf(part, windows).map(
      ({ window, index: at }) =>
        `max(CASE WHEN _w = ${at} AND _part = ${index} THEN _count END) AS ${framed(part.name, window)}`,
    ),
  );
  return [
    {
      name: `hashes${suffix}`,
      query: [
        'SELECT * FROM (',
        `SELECT DISTINCT ${key}, _w, _part, ${hash} AS _hash, _a, _b FROM ${spans} CROSS JOIN (VALUES ${listed}) AS parts (_part)`,
        ') listed WHERE _hash IS NOT NULL',
      ].join('\n'),
    },
    { name: `names${suffix}`, query: newOf(`hashes${suffix}`, [...keys, '_w', '_part', '_hash']) },
    {
      name: `levels${suffix}`,
      query: [
        // Level 0 is the name itself.
        `SELECT ${key}, _w, _part, _level, CASE WHEN _level = 0 THEN _hash ELSE ${registerOf('_hash')} END AS _what, _a, _b`,
        `FROM names${suffix} CROSS JOIN UNNEST(sequence(BIGINT '0', ${rankOf('_hash')})) AS levels (_level)`,
      ].join('\n'),
    },
    { name: `filled${suffix}`, query: newOf(`levels${suffix}`, [...keys, '_w', '_part', '_level', '_what']) },
    {
      name: `turns${suffix}`,
      query: [
        `SELECT ${key}, _w, _part, CASE WHEN _side = 1 THEN _a ELSE _b END AS _n,`,
        'sum(CASE WHEN f._level = 0 THEN _side END) AS _names, sum(CASE WHEN f._level = 1 THEN _side END) AS _registers, sum(_side * _weight) AS _sum',
        `FROM filled${suffix} f JOIN (VALUES (0, BIGINT '0'), ${weights.join(', ')}) AS weights (_level, _weight) ON weights._level = f._level`,
        'CROSS JOIN (VALUES (1), (-1)) AS sides (_side)',
        `GROUP BY ${key}, _w, _part, CASE WHEN _side = 1 THEN _a ELSE _b END`,
      ].join('\n'),
    },
    {
      name: `tallies${suffix}`,
      query: [
        `SELECT ${key}, _n, _w, _part, _k, _exact, ${['_names', '_registers', '_sum'].map(running).join(', ')} FROM (`,
        `SELECT ${key}, _n, _w, _part, 0 AS _k, BIGINT '0' AS _exact, _names, _registers, _sum FROM turns${suffix}`,
        `UNION ALL\nSELECT ${key}, _n, _w, _part, 1, _exact, BIGINT '0', BIGINT '0', BIGINT '0' FROM ${points} CROSS JOIN (VALUES ${reads.join(', ')}) AS reads (_part, _w, _exact)`,
        ') sorted',
      ].join('\n'),
    },
    {
      name: `distincts${suffix}`,
      query: [
        `SELECT ${key}, _n, ${pivoted.join(', ')} FROM (`,
        `SELECT ${key}, _n, _w, _part, ${countSql} AS _count FROM (`,
        `SELECT *, ${double(estimateNumerator)} / CAST(${bigint(2n ** BigInt(maximumRank) * BigInt(distinctRegisters))} - _sum AS double) AS _estimate FROM tallies${suffix} WHERE _k = 1`,
        `) tallied LEFT JOIN (SELECT * FROM UNNEST(${longArray(linearCounts.slice(0, -1).toReversed())}) WITH ORDINALITY AS counts (_linear, _filled)) linear ON linear._filled = tallied._registers`,
        `) counted GROUP BY ${key}, _n`,
      ].join('\n'),
    },
  ];
}

/** An array of any length: Trino up to 435 at least, and engines of its age, take 254 elements in one constructor. */
function longArray(numbers: readonly number[]): string {
  const longest = 250;
  const pieces = Array.from({ length: Math.ceil(numbers.length / longest) }, (_, piece) =>
    numbers.slice(piece * longest, (piece + 1) * longest),
  );
  return `flatten(ARRAY[${pieces.map((piece) => `ARRAY[${piece.join(', ')}]`).join(', ')}])`;
}

/** Exact while there are few; then empty registers tell more than ranks, as long as there are many of them. */
const countSql = [
  'CASE WHEN _names <= _exact THEN _names',
  `WHEN _estimate <= ${double(linearCountingLimit)} AND _registers < ${distinctRegisters} THEN CAST(_linear AS bigint)`,
  'ELSE CAST(round(_estimate) AS bigint) END',
].join(' ');

/** The spans of `from` without what spans of the same (columns) before them, by beginning, cover: [_a, _b) of each, empty ones left out. */
function newOf(from: string, columns: readonly string[]): string {
  const same = columns.join(', ');
  const covered = `max(_b) OVER (PARTITION BY ${same} ORDER BY _a, _b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  return [
    `SELECT ${same}, greatest(_a, _covered) AS _a, _b FROM (`,
    `SELECT ${same}, _a, _b, COALESCE(${covered}, _a) AS _covered FROM ${from}`,
    ') sorted WHERE _b > _covered',
  ].join('\n');
}
