import { toJsonValue } from '#codec/json-value.ts';
import { type OfflinePorts, offlineRows } from '#engine/verify/offline-rows.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntity, findRowSource, viewId } from '#spec/find.ts';
import type { EntityView, StoredView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { entityRowColumns, entityRowsSql } from '#sql/entity-rows-sql.ts';
import { rowStates } from '#sql/training-set-sql.ts';
import { literal } from '#sql/types.ts';
import { unloadedColumns } from './unloaded-columns.ts';

/** One feature row; instants in epoch milliseconds, null for static rows, which have no time and were always there. */
export interface HistoryRow {
  readonly eventMillis: number | null;
  /** First instant at which serving could have it. */
  readonly availableMillis: number | null;
  /** When it was written or corrected, where its source says so; else the event time. */
  readonly createdMillis: number | null;
  /** The run that computed it; 0 of table views. */
  readonly run: number;
  readonly deleted: boolean;
  /** By feature, in the view's order. */
  readonly values: Readonly<Record<string, Value>>;
}

export interface EntityToRead<TView extends EntityView> {
  readonly view: TView;
  /** By key of the view's entity; none may be null. */
  readonly keys: Readonly<Record<string, Value>>;
  /** Of this question alone: it names what is staged and unloaded. */
  readonly id: string;
}

/**
 * Every row of an entity in a stored view with event times in the bounds (inclusive), in order of event, created time and run: what was
 * computed again or corrected is there twice. The rows are held in memory. Throws engine.queryFailed.
 */
export async function entityHistory(
  ports: OfflinePorts,
  { view, keys, id }: EntityToRead<StoredView>,
  bounds: { readonly minEventMillis?: number; readonly maxEventMillis?: number },
): Promise<HistoryRow[]> {
  const { manifest, database } = ports;
  const entity = findEntity(manifest, view.entity);
  const on = { database, view, source: findRowSource(manifest, view.source), entity };
  const select = entityRowsSql(on, {
    keys: entity.keys.map(({ name, type }) => literal(toJsonValue(keys[name] ?? null), type)),
    bounds,
  });
  const { eventMillis, availableMillis, createdMillis, run, deleted, feature } = entityRowColumns;
  const [events = [], available = [], created = [], runs = [], tombstones = [], ...values] = await unloadedColumns(
    ports,
    {
      select,
      wanted: [
        ...[eventMillis, availableMillis, createdMillis, run].map((name) => ({ name, as: 'int64' as const })),
        { name: deleted, as: 'bool' },
        ...view.features.map(({ name, type }) => ({ name: feature(name), as: type })),
      ],
      folder: `history/${id}`,
    },
  );
  const millis = (value: Value | undefined): number | null => (typeof value === 'bigint' ? Number(value) : null);
  const rows = events.map((event, at) => ({
    eventMillis: millis(event),
    availableMillis: millis(available[at]),
    createdMillis: millis(created[at]),
    run: Number(runs[at]),
    deleted: tombstones[at] === true,
    values: Object.fromEntries(view.features.map(({ name }, index) => [name, values[index]?.[at] ?? null])),
  }));
  return rows.sort(
    (a, b) =>
      (a.eventMillis ?? 0) - (b.eventMillis ?? 0) || (a.createdMillis ?? 0) - (b.createdMillis ?? 0) || a.run - b.run,
  );
}

/** What serving had of an entity at an instant; values with their defaults, as a training set gets them. */
export interface InstantRow {
  readonly atMillis: number;
  readonly state: keyof typeof rowStates;
  readonly values: Readonly<Record<string, Value>>;
}

/** The features of an entity at each of some instants, of any view, in their order. Throws engine.queryFailed. */
export async function entityAt(
  ports: OfflinePorts,
  { view, keys, id }: EntityToRead<EntityView>,
  atMillis: readonly number[],
): Promise<InstantRow[]> {
  const entity = findEntity(ports.manifest, view.entity);
  const served = atMillis.map((asOfMillis) => ({ entity: keys, asOfMillis }));
  const rows = await offlineRows(ports, { entity, views: [view], served, id: `history-${id}` });
  return rows.map((row, at) => {
    const found = row[viewId(view)];
    const state = stateNames.find((name) => rowStates[name] === found?.state);
    if (!found || state === undefined)
      throw new TidemarkError('engine.queryFailed', `the join gave no row for instant ${atMillis[at]}`, {
        kind: 'failed',
      });
    return { atMillis: atMillis[at] ?? 0, state, values: found.values };
  });
}

const stateNames = ['missing', 'expired', 'present', 'deleted'] as const satisfies readonly (keyof typeof rowStates)[];
