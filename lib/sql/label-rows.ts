import type { VisibilityMode } from '#semantics/visibility.ts';
import { findRowSource } from '#spec/find.ts';
import { spineKeyColumn } from '#spec/layout.ts';
import type { Entity, Manifest, StoredView } from '#spec/manifest.ts';
import { candidateRowTables, hasKeys, type ViewRows } from './candidate-rows.ts';
import type { CommonTable } from './common-table.ts';
import {
  featureRowsSelect,
  featureTypes,
  isStaticView,
  type RowBounds,
  rowOrderFields,
  staticVisibleMillis,
  type ViewOnTables,
} from './feature-rows.ts';
import { nullRow, type OrderField, rowOf } from './row-order.ts';
import { bigint, quoted } from './text.ts';
import { sqlType } from './types.ts';

/** A stored view and the features of it that are wanted, in any order. */
export interface StoredSelection {
  readonly view: StoredView;
  readonly features: readonly string[];
}

export interface LabelRowsOptions {
  readonly database: string;
  readonly manifest: Manifest;
  readonly mode: VisibilityMode;
  /** Least and greatest instant of the labels, inclusive. */
  readonly atMillis: { readonly min: number; readonly max: number };
  /** Reads rows of any age, so that an expired row is told from none. */
  readonly exactStates: boolean;
}

/** States of a view's row at a label: why its features have the values they have. */
export const rowStates = { missing: 0, expired: 1, present: 2, deleted: 3 } as const;

/** Position of a row's first feature in its fields; before it are `eventMillis`, whether it is deleted, and `marks`. */
export const rowFieldNames = { eventMillis: 'f0', deleted: 'f1', marks: 'f2', feature: (at: number) => `f${at + 3}` };

/** Fields of a view's row in the join: _event_ms, deleted, marks, then the wanted features. */
function rowFields({ view, features }: StoredSelection): OrderField[] {
  const types = featureTypes(view);
  return [
    { expression: '_event_ms', type: 'bigint' },
    { expression: '_deleted', type: 'boolean' },
    { expression: '_marks', type: 'varchar' },
    ...features.map((feature) => ({ expression: quoted(feature), type: sqlType(types.get(feature) ?? 'string') })),
  ];
}

/**
 * The newest visible row of each view at each label of one entity: each view's rows are thinned out by one sort (candidateRowTables), then one sorted
 * pass over what is left of all views and the labels compares whole rows. The last table has `_row` (row_id of the label) and, by position of the
 * selection, `_s<p>` (rowStates) and `_r<p>` (rowFieldNames).
 */
export function labelRowTables(
  entity: Entity,
  { selections, suffix }: { readonly selections: readonly StoredSelection[]; readonly suffix: string },
  options: LabelRowsOptions,
): readonly CommonTable[] {
  const keys = entity.keys.map((key) => quoted(key.name));
  const labels = { table: 'spine', keys: entity.keys.map((key) => quoted(spineKeyColumn(entity.name, key.name))) };
  const rowsAndOrders = (own: number): string =>
    selections
      .flatMap((selection, position) => {
        const [fields, order] = [rowFields(selection), rowOrderFields(selection.view)];
        return position === own
          ? [`${rowOf(fields)} AS _r${position}`, `${rowOf(order)} AS _o${position}`]
          : [`${nullRow(fields)} AS _r${position}`, `${nullRow(order)} AS _o${position}`];
      })
      .join(', ');
  const candidates = selections.map((selection, position) =>
    candidateRowTables(viewRows(entity, selection, options), labels, `${suffix}_${position}`),
  );
  const branches = candidates.map(
    (tables, position) =>
      `SELECT ${keys.join(', ')}, _ts, 0 AS _k, CAST(NULL AS bigint) AS _row, ${rowsAndOrders(position)}\nFROM ${tables.at(-1)?.name ?? ''}`,
  );
  const asked = `SELECT ${labels.keys.join(', ')}, t, 1, row_id, ${rowsAndOrders(-1)}\nFROM spine WHERE ${hasKeys(labels)}`;
  const newest = selections.map((_, position) => `max_by(_r${position}, _o${position}) OVER w AS _r${position}`);
  return [
    ...candidates.flat(),
    { name: `rows${suffix}`, query: [...branches, asked].join('\nUNION ALL\n') },
    {
      name: `seen${suffix}`,
      query: [
        `SELECT _row, _k, _ts, ${newest.join(', ')}`,
        `FROM rows${suffix} WINDOW w AS (PARTITION BY ${keys.join(', ')} ORDER BY _ts, _k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`,
      ].join('\n'),
    },
    {
      name: `joined${suffix}`,
      query: [
        `SELECT _row, ${selections.map(({ view }, position) => `${stateOf(view, position)} AS _s${position}, _r${position}`).join(', ')}`,
        `FROM seen${suffix} WHERE _k = 1`,
      ].join('\n'),
    },
  ];
}

function stateOf(view: StoredView, position: number): string {
  const row = `_r${position}`;
  const expired =
    view.ttlMillis === undefined
      ? ''
      : ` WHEN _ts - ${row}.${rowFieldNames.eventMillis} > ${bigint(view.ttlMillis)} THEN ${rowStates.expired}`;
  return `CASE WHEN ${row} IS NULL THEN ${rowStates.missing} WHEN ${row}.${rowFieldNames.deleted} THEN ${rowStates.deleted}${expired} ELSE ${rowStates.present} END`;
}

/** Feature rows that some label of the range can see. */
function viewRows(entity: Entity, { view, features }: StoredSelection, options: LabelRowsOptions): ViewRows {
  const { manifest, database, mode } = options;
  const on = { database, view, source: findRowSource(manifest, view.source), entity };
  const read = featuresRead({ view, features });
  const select = featureRowsSelect(on, { features: read, mode, bounds: seenBounds(on, options) });
  return { on, features: read, select };
}

/** Tie-breaks of table views compare every feature, so all of them are read. */
export const featuresRead = ({ view, features }: StoredSelection): readonly string[] =>
  view.kind === 'table' ? view.features.map(({ name }) => name) : features;

/** Bounds of the event times of rows that labels of a range can see; none for static rows. */
export function seenBounds(
  on: Pick<ViewOnTables, 'view' | 'source'>,
  { atMillis, exactStates }: Pick<LabelRowsOptions, 'atMillis' | 'exactStates'>,
): RowBounds {
  const { ttlMillis } = on.view;
  // Without a ttl any older row may be the newest; a tombstone or a row older than ttl must still hide what came before it,
  // which it does by being older: everything before it is expired as well.
  return isStaticView(on)
    ? {}
    : {
        ...(ttlMillis === undefined || exactStates
          ? {}
          : { minEventMillis: Math.max(staticVisibleMillis, atMillis.min - ttlMillis) }),
        maxEventMillis: atMillis.max,
      };
}
