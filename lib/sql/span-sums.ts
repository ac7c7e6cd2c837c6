import type { PartPlan } from './aggregate-parts.ts';
import type { CommonTable } from './common-table.ts';
import { framed, framesOf } from './frame-window.ts';
import type { SpanTables } from './label-spans.ts';

/**
 * Sums and counts over spans: added where an event begins to count, taken away where it ends, summed up over the labels in order; one pass
 * for all windows. The last table has keys, `_n` and each part over each of its windows.
 */
export function sumTables(
  { keys, points, spans, windows, suffix }: SpanTables,
  plan: PartPlan,
): readonly CommonTable[] {
  const parts = plan.parts.filter(({ fold }) => fold === 'sum');
  const key = keys.join(', ');
  const names = parts.map(({ name }) => name);
  const changes = parts.map(({ name }) => `sum(CASE WHEN _side = 1 THEN ${name} ELSE -${name} END) AS ${name}`);
  const nulls = parts.map(({ type }) => `CAST(NULL AS ${type})`);
  const over = `OVER (PARTITION BY ${key}, _w ORDER BY _n, _k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
  const indexes = windows.map((_, index) => `(${index})`).join(', ');
  const pivoted = parts.flatMap((part) =>
    framesOf(part, windows).map(
      ({ window, index }) => `max(CASE WHEN _w = ${index} THEN ${part.name} END) AS ${framed(part.name, window)}`,
    ),
  );
  return [
    {
      name: `changes${suffix}`,
      query: [
        `SELECT ${key}, _w, _n, ${changes.join(', ')} FROM (`,
        `SELECT *, CASE WHEN _side = 1 THEN _a ELSE _b END AS _n FROM ${spans} CROSS JOIN (VALUES (1), (-1)) AS sides (_side)`,
        `) ends GROUP BY ${key}, _w, _n`,
      ].join('\n'),
    },
    {
      name: `running${suffix}`,
      query: [
        `SELECT ${key}, _w, _n, _k, ${names.map((name) => `sum(${name}) ${over} AS ${name}`).join(', ')} FROM (`,
        `SELECT ${key}, _w, _n, 0 AS _k, ${names.join(', ')} FROM changes${suffix}`,
        `UNION ALL\nSELECT ${key}, _w, _n, 1, ${nulls.join(', ')} FROM ${points} CROSS JOIN (VALUES ${indexes}) AS windows (_w)`,
        ') sorted',
      ].join('\n'),
    },
    {
      name: `sums${suffix}`,
      query: `SELECT ${key}, _n, ${pivoted.join(', ')} FROM running${suffix} WHERE _k = 1 GROUP BY ${key}, _n`,
    },
  ];
}
