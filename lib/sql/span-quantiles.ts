import type { PartPlan } from './aggregate-parts.ts';
import { quantileName } from './aggregate-value.ts';
import type { CommonTable } from './common-table.ts';
import { framed, framesOf } from './frame-window.ts';
import { blocksSelect, labelsInBlocks } from './label-blocks.ts';
import type { SpanTables } from './label-spans.ts';
import { bucketMiddle, powerBelow } from './quantile-buckets.ts';
import { double } from './text.ts';

/**
 * Quantiles of sketches over spans: values become the middles of their buckets, which are counted by blocks of labels and ranked per label. The
 * last table has keys, `_n` and each part's value at each quantile over each of its windows.
 */
export function quantileTables(tables: SpanTables, plan: PartPlan): readonly CommonTable[] {
  const { keys, spans, windows, suffix } = tables;
  const key = keys.join(', ');
  const parts = plan.quantiles;
  const listed = parts.map((part, index) => `(${index}, ${double(part.partsPerPower)})`).join(', ');
  const value = `CASE ${parts.map(({ name }, index) => `WHEN _part = ${index} THEN ${name}`).join(' ')} END`;
  const middle = bucketMiddle({ value: '_x', magnitude: '_m', power: '_power', parts: '_parts' });
  const own = `${keys.map((name) => `p.${name}`).join(', ')}, p._n, b._w, b._part`;
  const pivoted = parts.flatMap((part, at) =>
    part.quantiles.flatMap((quantile) =>
      framesOf(part, windows).map(({ window, index }) => {
        // The first value of which more than q * (n - 1) values are at most as great: the rank is counted from 0.
        const isReached = `CAST(_upto AS double) > ${double(quantile)} * CAST(_all - 1 AS double)`;
        return `min(CASE WHEN _w = ${index} AND _part = ${at} AND ${isReached} THEN _v END) AS ${framed(quantileName(part.name, quantile), window)}`;
      }),
    ),
  );
  return [
    {
      name: `numbers${suffix}`,
      query: [
        `SELECT ${key}, _w, _a, _b, _part, CAST(_parts AS double) AS _parts, _x, _m, ${powerBelow('_m')} AS _power FROM (`,
        `SELECT ${key}, _w, _a, _b, _part, _parts, _x, abs(_x) AS _m FROM (`,
        `SELECT ${key}, _w, _a, _b, _part, _parts, ${value} AS _x FROM ${spans} CROSS JOIN (VALUES ${listed}) AS parts (_part, _parts)`,
        ') listed WHERE _x IS NOT NULL) magnitudes',
      ].join('\n'),
    },
    {
      name: `counted${suffix}`,
      query: [
        `SELECT ${key}, _w, _a, _b, _part, _v, count(*) AS _count FROM (`,
        `SELECT ${key}, _w, _a, _b, _part, ${middle} AS _v FROM numbers${suffix}`,
        `) bucketed GROUP BY ${key}, _w, _a, _b, _part, _v`,
      ].join('\n'),
    },
    {
      name: `buckets${suffix}`,
      query: [
        `SELECT ${key}, _w, _part, _size, _start, _v, sum(_count) AS _count FROM (`,
        blocksSelect(`counted${suffix}`, [...keys, '_w', '_part', '_v', '_count']),
        `) blocks GROUP BY ${key}, _w, _part, _size, _start, _v`,
      ].join('\n'),
    },
    {
      name: `quantiles${suffix}`,
      query: [
        `SELECT ${key}, _n, ${pivoted.join(', ')} FROM (`,
        `SELECT ${own}, b._v, sum(b._count) OVER (PARTITION BY ${own}) AS _all,`,
        `sum(b._count) OVER (PARTITION BY ${own} ORDER BY b._v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _upto`,
        `FROM ${labelsInBlocks(tables, `buckets${suffix}`)}`,
        `) ranked GROUP BY ${key}, _n`,
      ].join('\n'),
    },
  ];
}
