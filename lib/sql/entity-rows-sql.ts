import { featureRowsSelect, isStaticView, type RowBounds, type ViewOnTables } from './feature-rows.ts';
import { bigint, quoted } from './text.ts';

/** Columns of entityRowsSql besides the features, which are named `f_<feature>`. Null event time: a static row. */
export const entityRowColumns = {
  eventMillis: 'event_ms',
  availableMillis: 'available_ms',
  createdMillis: 'created_ms',
  run: 'run',
  deleted: 'deleted',
  marks: 'marks',
  feature: (name: string): string => `f_${name}`,
} as const;

/**
 * Every row of one entity in a stored view, tombstones and rows that were computed again too, in any order. `keys` are SQL literals in the
 * order of the entity's keys; bounds are of the event time.
 */
export function entityRowsSql(
  on: ViewOnTables,
  { keys, bounds = {} }: { readonly keys: readonly string[]; readonly bounds?: RowBounds },
): string {
  const { view, source, entity } = on;
  const isStatic = isStaticView(on);
  const features = view.features.map(({ name }) => name);
  // Of a stream the upper bound is one of arrivals: an event of that time may have arrived later.
  const { maxEventMillis: latest, ...earliest } = bounds;
  const read = isStatic ? {} : source.kind === 'stream' || latest === undefined ? earliest : bounds;
  const rows = featureRowsSelect(on, { features, mode: 'asServed', bounds: read });
  const time = (column: string): string => (isStatic ? 'CAST(NULL AS bigint)' : column);
  const columns = [
    `${time('_event_ms')} AS ${quoted(entityRowColumns.eventMillis)}`,
    `${time('_visible_ms')} AS ${quoted(entityRowColumns.availableMillis)}`,
    `${time('_created_ms')} AS ${quoted(entityRowColumns.createdMillis)}`,
    `_run AS ${quoted(entityRowColumns.run)}`,
    `_deleted AS ${quoted(entityRowColumns.deleted)}`,
    `_marks AS ${quoted(entityRowColumns.marks)}`,
    ...features.map((name) => `${quoted(name)} AS ${quoted(entityRowColumns.feature(name))}`),
  ];
  const { minEventMillis, maxEventMillis } = isStatic ? {} : bounds;
  const conditions = [
    ...entity.keys.map(({ name }, at) => `${quoted(name)} = ${keys[at] ?? 'NULL'}`),
    ...(minEventMillis === undefined ? [] : [`_event_ms >= ${bigint(minEventMillis)}`]),
    ...(maxEventMillis === undefined ? [] : [`_event_ms <= ${bigint(maxEventMillis)}`]),
  ];
  return `SELECT ${columns.join(', ')}\nFROM (\n${rows}\n) feature_rows\nWHERE ${conditions.join(' AND ')}`;
}
