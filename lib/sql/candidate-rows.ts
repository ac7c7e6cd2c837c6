import type { CommonTable } from './common-table.ts';
import { derivedColumns, featureTypes, type ViewOnTables } from './feature-rows.ts';
import { bigint, quoted } from './text.ts';
import { sqlType } from './types.ts';

/** Labels that rows are looked for: a table with `t` (bigint) and a column per key of the entity, in the order of its keys. */
export interface LabelKeys {
  readonly table: string;
  /** Quoted. Labels in which one of them is null match nothing. */
  readonly keys: readonly string[];
}

/** A view's rows, as featureRowsSelect has them, and which features they have. */
export interface ViewRows {
  readonly on: ViewOnTables;
  readonly features: readonly string[];
  readonly select: string;
}

/**
 * Length of the brackets in which an entity's rows are sorted, cut at multiples since the epoch, so that an entity with a very long history is the work of several
 * workers; each adds a row at most to what is compared afterwards.
 */
export const bracketMillis = 90 * 86_400_000;

export const hasKeys = ({ keys }: LabelKeys): string => keys.map((key) => `${key} IS NOT NULL`).join(' AND ');

/**
 * Common tables of which the last, `candidates<suffix>`, has those of a view's rows that can be the newest at some label: the keys, `_ts` (their
 * _visible_ms) and the other columns of featureRowsSelect. In order of visibility a row whose next row has a greater event time is never the newest
 * where both are visible, and no label is between them, so one sort of the plain columns leaves about a row per label of a long history, and the
 * comparison of whole rows that follows is of these alone. Rows that stay without need (ties, rows published again, the last of a bracket) change nothing.
 */
export function candidateRowTables(rows: ViewRows, labels: LabelKeys, suffix: string): readonly CommonTable[] {
  const { on, features, select } = rows;
  const keys = on.entity.keys.map(({ name }) => quoted(name));
  const types = featureTypes(on.view);
  const derived = derivedColumns(on);
  const columns = [
    ...(['_event_ms', '_created_ms', '_run'] as const).map((name) => ({ name, type: 'bigint' })),
    { name: '_deleted', type: 'boolean' },
    { name: '_marks', type: 'varchar' },
    ...features.map((name) => ({ name: quoted(name), type: sqlType(types.get(name) ?? 'string') })),
  ].filter(({ name }) => !derived.has(name));
  const names = columns.map(({ name }) => name);
  const sameKeys = keys.map((key, at) => `r.${key} = w.${labels.keys[at] ?? ''}`).join(' AND ');
  const keysOfLabels = labels.keys.join(', ');
  return [
    {
      name: `near${suffix}`,
      query: [
        `SELECT ${[...keys, '_visible_ms', ...names].map((name) => `r.${name}`).join(', ')}, 0 AS _k`,
        `FROM (\n${select}\n) r`,
        // most histories hold more entities than are asked for
        `JOIN (SELECT DISTINCT ${keysOfLabels} FROM ${labels.table} WHERE ${hasKeys(labels)}) w ON ${sameKeys}`,
        'UNION ALL',
        `SELECT ${keysOfLabels}, t, ${columns.map(({ type }) => `CAST(NULL AS ${type})`).join(', ')}, 1`,
        `FROM ${labels.table} WHERE ${hasKeys(labels)}`,
      ].join('\n'),
    },
    {
      name: `candidates${suffix}`,
      query: [
        `SELECT ${[...keys, ...names, ...[...derived].map(([name, value]) => `${value} AS ${name}`)].join(', ')}, _visible_ms AS _ts`,
        'FROM (SELECT *, lead(_k) OVER w AS _next_k, lead(_event_ms) OVER w AS _next_event_ms',
        // _k puts rows before labels of the same instant: a row visible exactly at t counts
        `FROM near${suffix} WINDOW w AS (PARTITION BY ${keys.join(', ')}, _visible_ms - mod(_visible_ms, ${bigint(bracketMillis)}) ORDER BY _visible_ms, _k)) n`,
        // the next bracket's first label sees the last row of this one
        'WHERE _k = 0 AND (_next_k IS NULL OR _next_k = 1 OR _next_event_ms <= _event_ms)',
      ].join('\n'),
    },
  ];
}
