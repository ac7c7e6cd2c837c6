import type { PartPlan } from './aggregate-parts.ts';
import type { CommonTable } from './common-table.ts';
import { framed, framesOf } from './frame-window.ts';
import { blocksSelect, labelsInBlocks } from './label-blocks.ts';
import type { SpanTables } from './label-spans.ts';

/**
 * The last values over spans: each block of labels keeps no more than a label can need. The last table has keys, `_n` and each list, oldest first,
 * over each of its windows.
 */
export function listTables(tables: SpanTables, plan: PartPlan): readonly CommonTable[] {
  const { keys, spans, windows, suffix } = tables;
  const key = keys.join(', ');
  const parts = plan.lists;
  const names = parts.map(({ name }) => name);
  const listed = parts.map(({ limit }, index) => `(${index}, ${limit})`).join(', ');
  // A row holds the value of one part; the others are null and so order nothing.
  const values = parts.map(({ name }, index) => `CASE WHEN _part = ${index} THEN ${name} END AS ${name}`).join(', ');
  const isValue = parts.map(({ name }, index) => `(_part = ${index} AND ${name} IS NOT NULL)`).join(' OR ');
  const newest = ['_t', ...names].map((name) => `${name} DESC`).join(', ');
  const own = keys.map((name) => `p.${name}`).join(', ');
  const pivoted = parts.flatMap((part, index) =>
    framesOf(part, windows).map(
      ({ window, index: at }) =>
        `array_agg(${part.name} ORDER BY _t, ${part.name}) FILTER (WHERE _w = ${at} AND _part = ${index}) AS ${framed(part.name, window)}`,
    ),
  );
  return [
    {
      name: `values${suffix}`,
      query: [
        `SELECT ${key}, _w, _a, _b, _t, _part, _limit, ${values}`,
        `FROM ${spans} CROSS JOIN (VALUES ${listed}) AS parts (_part, _limit) WHERE ${isValue}`,
      ].join('\n'),
    },
    {
      name: `newest${suffix}`,
      query: [
        `SELECT * FROM (`,
        `SELECT *, row_number() OVER (PARTITION BY ${key}, _w, _part, _size, _start ORDER BY ${newest}) AS _rank FROM (`,
        blocksSelect(`values${suffix}`, [...keys, '_w', '_t', '_part', '_limit', ...names]),
        ') blocks) ranked WHERE _rank <= _limit',
      ].join('\n'),
    },
    {
      name: `lists${suffix}`,
      query: [
        `SELECT ${key}, _n, ${pivoted.join(', ')} FROM (`,
        `SELECT *, row_number() OVER (PARTITION BY ${key}, _n, _w, _part ORDER BY ${newest}) AS _place FROM (`,
        `SELECT ${own}, p._n, b._w, b._part, b._limit, b._t, ${names.map((name) => `b.${name}`).join(', ')}`,
        `FROM ${labelsInBlocks(tables, `newest${suffix}`)}`,
        `) seen) placed WHERE _place <= _limit GROUP BY ${key}, _n`,
      ].join('\n'),
    },
  ];
}
