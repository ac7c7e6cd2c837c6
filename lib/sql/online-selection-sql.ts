import type { BatchView } from '#spec/manifest.ts';
import { featureRowsSelect, type ViewOnTables } from './feature-rows.ts';
import { newestRowsSql } from './newest-rows.ts';
import { bigint } from './text.ts';

/**
 * Newest visible published row per entity among the ticks in (fromMillis, toMillis], for the online store.
 * Rows whose availableAt is after `nowMillis` are left for a later run.
 */
export function onlineSelectionSql(
  options: ViewOnTables & {
    readonly view: BatchView;
    readonly fromMillis: number;
    readonly toMillis: number;
    readonly nowMillis: number;
  },
): string {
  const { view, entity, fromMillis, toMillis, nowMillis } = options;
  const rows = featureRowsSelect(options, {
    features: view.features.map(({ name }) => name),
    mode: 'asServed',
    bounds: { minEventMillis: fromMillis + 1, maxEventMillis: toMillis },
  });
  const visible = `SELECT * FROM (\n${rows}\n) WHERE _visible_ms <= ${bigint(nowMillis)} AND _event_ms <= ${bigint(nowMillis)}`;
  return newestRowsSql({ view, entity, rows: visible, isStatic: false });
}
