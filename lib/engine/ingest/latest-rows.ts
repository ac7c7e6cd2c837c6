import { encodeRow } from '#engine/materialize/encode-row.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { OnlineRow } from '#store/online-rows.ts';
import type { ArrivedEvent } from './group-events.ts';
import { keyValues, type LatestView } from './source-views.ts';

/** The row that an event is in a table view over its stream; undefined where the event is of no such entity. Throws as encodeRow. */
function latestRow(
  { view, entity }: LatestView,
  source: StreamSource,
  { event }: Pick<ArrivedEvent, 'event'>,
): OnlineRow | undefined {
  const keys = keyValues(entity, event.row);
  if (!keys) return undefined;
  const value = (column: string | undefined): Value => (column === undefined ? null : (event.row[column] ?? null));
  const createdTime = value(source.createdTime);
  return encodeRow(view, entity, {
    eventTimeMillis: event.eventTimeMillis,
    createdTimeMillis: typeof createdTime === 'number' ? createdTime : null,
    run: 0,
    deleted: value(source.deleted) === true,
    marks: null,
    keys,
    features: view.features.map(({ column }) => value(column)),
  }).row;
}

export interface LatestRows {
  readonly rows: readonly OnlineRow[];
  /** Rows that no online item can hold: an older one stays. */
  readonly tooLarge: number;
}

/** The rows of events in the table views over their stream. */
export function latestRows(
  views: readonly LatestView[],
  source: StreamSource,
  events: readonly ArrivedEvent[],
): LatestRows {
  const rows: OnlineRow[] = [];
  let tooLarge = 0;
  for (const view of views)
    for (const event of events)
      try {
        const row = latestRow(view, source, event);
        if (row) rows.push(row);
      } catch (error) {
        if (!(error instanceof TidemarkError)) throw error;
        tooLarge++;
      }
  return { rows, tooLarge };
}
