import { systemColumns } from '#spec/layout.ts';
import type { Column } from '#spec/manifest.ts';
import { featureRowsSelect, isStaticView, type ViewOnTables } from './feature-rows.ts';
import { dateOfMillis, fromMillis, quoted } from './text.ts';

/** Columns of the analysts' view that are not keys or features. */
export const analystColumns = {
  eventTime: systemColumns.eventTime,
  availableAt: '_available_at',
  marks: systemColumns.marks,
  date: 'dt',
} as const;

/**
 * The read-only view of a stored view for analysts: its visible-once rows with keys, features, `_event_time`, `_available_at`, `_marks` and `dt`
 * (UTC date of the event time; filter on it to read less). Published rows of a batch view, rows that are no tombstones of a table source.
 */
export function analystsViewSql(on: ViewOnTables): { readonly sql: string; readonly columns: readonly Column[] } {
  const { view, entity } = on;
  const isStatic = isStaticView(on);
  const names = [...entity.keys, ...view.features].map(({ name }) => quoted(name));
  const rows = featureRowsSelect(on, { features: view.features.map(({ name }) => name), mode: 'asServed' });
  const times = isStatic
    ? [`CAST(NULL AS timestamp(3))`, `CAST(NULL AS timestamp(3))`, 'CAST(NULL AS varchar)']
    : [fromMillis('_event_ms'), fromMillis('_visible_ms'), dateOfMillis('_event_ms')];
  const sql = [
    `SELECT ${names.join(', ')}`,
    `, ${times[0]} AS ${quoted(analystColumns.eventTime)}, ${times[1]} AS ${quoted(analystColumns.availableAt)}`,
    `, _marks AS ${quoted(analystColumns.marks)}, ${times[2]} AS ${quoted(analystColumns.date)}`,
    `FROM (\n${rows}\n) feature_rows WHERE NOT _deleted`,
  ].join('\n');
  const columns: Column[] = [
    ...entity.keys.map(({ name, type }) => ({ name, type })),
    ...view.features.map(({ name, type }) => ({ name, type })),
    { name: analystColumns.eventTime, type: 'timestamp' },
    { name: analystColumns.availableAt, type: 'timestamp' },
    { name: analystColumns.marks, type: 'string' },
    { name: analystColumns.date, type: 'string' },
  ];
  return { sql, columns };
}
