import type { PartPlan } from './aggregate-parts.ts';
import type { CommonTable } from './common-table.ts';
import { framed, framesOf } from './frame-window.ts';
import { blocksSelect, labelsInBlocks } from './label-blocks.ts';
import type { SpanTables } from './label-spans.ts';

/** Least, greatest, first and last values over spans, by blocks of labels. The last table has keys, `_n` and each part over each of its windows. */
export function extremeTables(tables: SpanTables, plan: PartPlan): readonly CommonTable[] {
  const { keys, spans, windows, suffix } = tables;
  const parts = plan.parts.filter(({ fold }) => fold !== 'sum');
  const key = keys.join(', ');
  const folded = parts.map(({ name, fold }) => `${fold}(${name}) AS ${name}`).join(', ');
  const names = parts.map(({ name }) => name);
  const pivoted = parts.flatMap((part) =>
    framesOf(part, windows).map(
      ({ window, index }) =>
        `${part.fold}(CASE WHEN b._w = ${index} THEN b.${part.name} END) AS ${framed(part.name, window)}`,
    ),
  );
  return [
    {
      name: `cells${suffix}`,
      query: `SELECT ${key}, _w, _a, _b, ${folded} FROM ${spans} GROUP BY ${key}, _w, _a, _b`,
    },
    {
      name: `blocks${suffix}`,
      query: [
        `SELECT ${key}, _w, _size, _start, ${folded} FROM (`,
        blocksSelect(`cells${suffix}`, [...keys, '_w', ...names]),
        `) blocks GROUP BY ${key}, _w, _size, _start`,
      ].join('\n'),
    },
    {
      name: `extremes${suffix}`,
      query: [
        `SELECT ${keys.map((name) => `p.${name}`).join(', ')}, p._n, ${pivoted.join(', ')} FROM`,
        labelsInBlocks(tables, `blocks${suffix}`),
        `GROUP BY ${keys.map((name) => `p.${name}`).join(', ')}, p._n`,
      ].join('\n'),
    },
  ];
}
