import type { VisibilityMode } from '#semantics/visibility.ts';
import type { Column, StreamView } from '#spec/manifest.ts';
import { rowMarks } from '#spec/status.ts';
import { PartPlan } from './aggregate-parts.ts';
import { featureValue } from './aggregate-value.ts';
import { columnsRead, hashesRead } from './columns-read.ts';
import type { CommonTable } from './common-table.ts';
import { type EventRowsOptions, type EventsOnTables, eventRowsSelect } from './event-rows.ts';
import { type FrameWindow, windowsOf } from './frame-window.ts';
import { type SpanTables, spanTables } from './label-spans.ts';
import { distinctTables } from './span-distincts.ts';
import { extremeTables } from './span-extremes.ts';
import { listTables } from './span-lists.ts';
import { quantileTables } from './span-quantiles.ts';
import { sumTables } from './span-sums.ts';
import { quoted, text } from './text.ts';

export interface StreamWindowsOptions {
  readonly on: EventsOnTables;
  readonly view: StreamView;
  /** Names of the features that are wanted; with marks all of the view's are computed. */
  readonly features: readonly string[];
  readonly withMarks: boolean;
  readonly mode: VisibilityMode;
  /** Table of the entity's labels (pointsTable). */
  readonly points: string;
  /** Least and greatest instant of the labels, inclusive. */
  readonly atMillis: { readonly min: number; readonly max: number };
  /** Appended to names of tables. */
  readonly suffix: string;
}

/** How far back of a label a window can reach: its length, and a hop by which its tail may be too long. */
const reach = ({ windowMillis, hopMillis = 1 }: FrameWindow): number => windowMillis + hopMillis;

/**
 * Windows of a stream view at labels: the last table (windows<suffix>) has the entity's keys, `_at`, `_marks` (one character a feature of the
 * view, or null where all are present) and each feature by name, one row per label of the points.
 */
export function streamWindowTables(options: StreamWindowsOptions): readonly CommonTable[] {
  const { on, view, mode, points, atMillis, suffix } = options;
  const features = options.withMarks
    ? view.features
    : view.features.filter(({ name }) => options.features.includes(name));
  const { schema } = on.source;
  const plan = new PartPlan({ schema, features, maxEvents: view.exact?.maxEvents });
  const windows = windowsOf(features);
  const keys = on.entity.keys.map(({ name }) => quoted(name));
  const tables: SpanTables = { keys, points, spans: `spans${suffix}`, windows, suffix };
  const events = eventRowsSelect(on, windowEvents({ features, schema }, { mode, atMillis }));
  const kinds = [
    { tables: sumTables(tables, plan), isNeeded: true },
    { tables: distinctTables(tables, plan), isNeeded: plan.hashes.length > 0 },
    { tables: extremeTables(tables, plan), isNeeded: plan.parts.some(({ fold }) => fold !== 'sum') },
    { tables: listTables(tables, plan), isNeeded: plan.lists.length > 0 },
    { tables: quantileTables(tables, plan), isNeeded: plan.quantiles.length > 0 },
  ].filter(({ isNeeded }) => isNeeded);
  const finished = features.map((feature) => ({ feature, ...featureValue(feature, plan) }));
  const marks = finished.map(({ mark }) => mark).join(' || ');
  const columns = [
    ...keys.map((key) => `p.${key}`),
    'p._at',
    ...(options.withMarks ? [`NULLIF(${marks}, ${text(rowMarks.present.repeat(finished.length))}) AS _marks`] : []),
    ...finished.map(({ feature, value }) => `${value} AS ${quoted(feature.name)}`),
  ];
  const joins = kinds.map(({ tables: own }, index) => {
    const on = [...keys, '_n'].map((name) => `k${index}.${name} = p.${name}`).join(' AND ');
    return `LEFT JOIN ${own.at(-1)?.name ?? ''} k${index} ON ${on}`;
  });
  return [
    ...spanTables(tables, plan, events),
    ...kinds.flatMap(({ tables: own }) => own),
    { name: `windows${suffix}`, query: [`SELECT ${columns.join(',\n  ')}`, `FROM ${points} p`, ...joins].join('\n') },
  ];
}

/** What windows at labels of a range read of the events; `features` are not empty. */
export const windowEvents = (
  { features, schema }: { readonly features: StreamView['features']; readonly schema: readonly Column[] },
  { mode, atMillis }: Pick<StreamWindowsOptions, 'mode' | 'atMillis'>,
): EventRowsOptions => ({
  columns: columnsRead(features, schema),
  hashed: hashesRead(features),
  mode,
  bounds: {
    minEventMillis: atMillis.min - Math.max(...windowsOf(features).map(reach)),
    maxFromMillis: atMillis.max,
  },
});

/** Marks of a label without a key: every window is empty. */
export const emptyMarks = (view: StreamView): string => rowMarks.empty.repeat(view.features.length);
