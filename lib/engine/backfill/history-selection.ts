import { readerSlackMillis } from '#engine/ingest/fold-events.ts';
import { windowedView } from '#engine/ingest/source-views.ts';
import { findEntity } from '#spec/find.ts';
import { backfillTilesSql } from '#sql/backfill-tiles-sql.ts';
import { historyEntitiesSql } from '#sql/history-entities-sql.ts';
import { tableSelectionSql } from '#sql/table-selection-sql.ts';
import { lastArrivalMillis } from './backfill-cut.ts';
import type { BackfillPlan } from './backfill-plan.ts';
import type { BackfillPorts } from './backfill-ports.ts';
import type { BackfilledView } from './backfilled-view.ts';

/**
 * The statement of a backfill, one row per entity: the tiles of all its events up to the cut that some window still needs, or the newest
 * visible row of a table view.
 */
export function historySelectionSql(
  ports: Pick<BackfillPorts, 'manifest' | 'database'>,
  { view, source }: BackfilledView,
  { plan, nowMillis }: { readonly plan: BackfillPlan; readonly nowMillis: number },
): string {
  const { manifest, database } = ports;
  const entity = findEntity(manifest, view.entity);
  if (view.kind === 'table')
    return tableSelectionSql({
      database,
      view,
      source,
      entity,
      newObjects: 'all',
      visibleAfterMillis: null,
      nowMillis,
    });
  const { plan: windows } = windowedView(manifest, source, view);
  const asOfMillis = nowMillis - readerSlackMillis;
  const cutMillis = lastArrivalMillis(plan, source);
  const tiles = backfillTilesSql({ database, manifest, view, cutMillis, asOfMillis });
  return historyEntitiesSql({ view, source, entity, plan: windows, tiles });
}
