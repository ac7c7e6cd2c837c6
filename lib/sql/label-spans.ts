import { spineKeyColumn } from '#spec/layout.ts';
import type { Entity } from '#spec/manifest.ts';
import type { HashPart, ListPart, Part, PartPlan, QuantilePart } from './aggregate-parts.ts';
import type { CommonTable } from './common-table.ts';
import type { FrameWindow } from './frame-window.ts';
import { bigint, quoted } from './text.ts';

/**
 * Labels of an entity in order of time are numbered; every event becomes, per window, the span [_a, _b) of labels at which it counts
 * (docs/adr/0012). From there on nothing depends on times, hops or lateness.
 */

/** Names of the tables of one view's windows. */
export interface SpanTables {
  /** The entity's keys, quoted. */
  readonly keys: readonly string[];
  /** Labels: keys, `_at` (bigint, epoch milliseconds), `_n` (1, 2, ... by time). */
  readonly points: string;
  /** Events: keys, `_w` (index of the window), `_t`, parts, `_a` and `_b`. */
  readonly spans: string;
  readonly windows: readonly FrameWindow[];
  /** Appended to names of tables. */
  readonly suffix: string;
}

/** Distinct labels of an entity; `spine` has the key columns and `t`. Labels without a key see no event. */
export function pointsTable(entity: Entity, name: string): CommonTable {
  const keys = entity.keys.map((key) => quoted(key.name));
  const spineKeys = entity.keys.map((key) => quoted(spineKeyColumn(entity.name, key.name)));
  const labels = spineKeys.map((column, index) => `${column} AS ${keys[index]}`);
  return {
    name,
    query: [
      `SELECT ${keys.join(', ')}, _at, row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY _at) AS _n`,
      `FROM (SELECT DISTINCT ${labels.join(', ')}, t AS _at FROM spine WHERE ${spineKeys.map((key) => `${key} IS NOT NULL`).join(' AND ')}) labels`,
    ].join('\n'),
  };
}

type AnyPart = Part | HashPart | ListPart | QuantilePart;
const partType = (part: AnyPart): string =>
  'type' in part ? part.type : 'partsPerPower' in part ? 'double' : 'bigint';

/** Columns that an event contributes, each once. */
const partsOf = (plan: PartPlan): readonly AnyPart[] => [
  ...plan.parts,
  ...plan.hashes,
  ...plan.lists,
  ...plan.quantiles,
];

/** The events with what they contribute, and their spans of labels. `events` is a SELECT of event-rows.ts. */
export function spanTables(
  { keys, points, spans, windows, suffix }: SpanTables,
  plan: PartPlan,
  events: string,
): readonly CommonTable[] {
  const key = keys.join(', ');
  const parts = partsOf(plan);
  const names = parts.map(({ name }) => name);
  const listed = (items: readonly string[]): string => items.map((item) => `, ${item}`).join('');
  const nulls = listed(parts.map((part) => `CAST(NULL AS ${partType(part)})`));
  // An event at a label's instant sorts before it: labels counted up to an event are those before it.
  const before = `sum(_k) OVER (PARTITION BY ${key} ORDER BY _ts, _k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) + 1`;
  const [labelled, placed] = [`events${suffix}`, `placed${suffix}`];
  const lengths = windows.map(
    ({ windowMillis, hopMillis = 1 }, index) => `(${index}, ${bigint(windowMillis)}, ${bigint(hopMillis)})`,
  );
  const end = '_t + mod(_hop - mod(_t, _hop), _hop) + _length';
  return [
    {
      name: labelled,
      query: [
        `SELECT ${key}, _t, _from${listed(parts.map(({ name, event }) => `${event} AS ${name}`))}`,
        // Each entity with labels has one first label: events of others go before anything is sorted.
        `FROM (SELECT e.* FROM (\n${events}\n) e JOIN ${points} p ON ${[...keys.map((name) => `p.${name} = e.${name}`), 'p._n = 1'].join(' AND ')}) events`,
      ].join('\n'),
    },
    {
      name: placed,
      query: [
        `SELECT * FROM (`,
        `SELECT ${key}, _k, _t${listed(names)}, ${before} AS _a FROM (`,
        `SELECT ${key}, _from AS _ts, 0 AS _k, _t${listed(names)} FROM ${labelled}`,
        `UNION ALL\nSELECT ${key}, _at, 1, _at${nulls} FROM ${points}`,
        ') begins) begun WHERE _k = 0',
      ].join('\n'),
    },
    {
      name: spans,
      query: [
        `SELECT ${key}, _w, _t${listed(names)}, _a, _b FROM (`,
        `SELECT ${key}, _w, _k, _t${listed(names)}, _a, ${before} AS _b FROM (`,
        `SELECT ${key}, ${end} AS _ts, _w, 0 AS _k, _t${listed(names)}, _a FROM ${placed} CROSS JOIN (VALUES ${lengths.join(', ')}) AS windows (_w, _length, _hop)`,
        `UNION ALL\nSELECT ${key}, _at, 0, 1, _at${nulls}, BIGINT '0' FROM ${points}`,
        ') ends) ended WHERE _k = 0 AND _a < _b',
      ].join('\n'),
    },
  ];
}
