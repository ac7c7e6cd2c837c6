import type { TableView } from '#spec/manifest.ts';
import { featureRowsSelect, type ViewOnTables } from './feature-rows.ts';
import { newestRowsSql } from './newest-rows.ts';
import { bigint, text } from './text.ts';

/** Above this many characters of object URIs the whole source is read: Athena's statement limit is 256 KB. */
const maxUriCharacters = 150_000;

/**
 * Newest visible row per entity among the rows of new source objects (`newObjects`: s3:// URIs, or 'all') and the rows of any object that
 * became visible in (visibleAfterMillis, nowMillis]: rows that an earlier run had to leave. `visibleAfterMillis` null: there was no earlier run.
 */
export function tableSelectionSql(
  options: ViewOnTables & {
    readonly view: TableView;
    readonly newObjects: readonly string[] | 'all';
    readonly visibleAfterMillis: number | null;
    readonly nowMillis: number;
  },
): string {
  const { view, source, entity, newObjects, visibleAfterMillis, nowMillis } = options;
  const features = view.features.map(({ name }) => name);
  const uris = newObjects === 'all' ? [] : newObjects.map(text);
  const readAll = newObjects === 'all' || uris.join().length > maxUriCharacters;
  const visible = (rows: string, condition = ''): string =>
    `SELECT * FROM (\n${rows}\n) WHERE _visible_ms <= ${bigint(nowMillis)} AND _event_ms <= ${bigint(nowMillis)}${condition}`;

  const branches: string[] = [];
  if (readAll) branches.push(visible(featureRowsSelect(options, { features, mode: 'asServed' })));
  else if (uris.length > 0)
    branches.push(
      visible(featureRowsSelect(options, { features, mode: 'asServed', filter: `"$path" IN (${uris.join(', ')})` })),
    );
  if (!readAll && visibleAfterMillis !== null && source.eventTime !== undefined) {
    const rows = featureRowsSelect(options, {
      features,
      mode: 'asServed',
      bounds: { minEventMillis: visibleAfterMillis - view.delayMillis, maxEventMillis: nowMillis },
    });
    branches.push(visible(rows, ` AND _visible_ms > ${bigint(visibleAfterMillis)}`));
  }
  if (branches.length === 0)
    branches.push(visible(featureRowsSelect(options, { features, mode: 'asServed', filter: 'false' })));
  return newestRowsSql({
    view,
    entity,
    rows: branches.join('\nUNION ALL\n'),
    isStatic: source.eventTime === undefined,
  });
}
