import { encodeEntityKey } from '#codec/entity-key.ts';
import { orderKey } from '#codec/order-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { utf8Length } from '#codec/utf8.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import { onlineSortKey } from '#spec/layout.ts';
import type { Entity, StoredView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { OnlineRow } from '#store/online-rows.ts';

/** One row of a selection, as read from Parquet; keys and features in the order of the manifest. */
export interface SelectedRow {
  /** Null for static rows. */
  readonly eventTimeMillis: number | null;
  readonly createdTimeMillis: number | null;
  readonly run: number;
  readonly deleted: boolean;
  readonly marks: string | null;
  readonly keys: readonly Value[];
  readonly features: readonly Value[];
}

/** An online row and the size of its item as DynamoDB counts it. */
export interface EncodedRow {
  readonly row: OnlineRow;
  readonly itemBytes: number;
}

/** DynamoDB's limit on an item, names of attributes included. */
const maximumItemBytes = 400 * 1024;
/** Attribute names (pk, sk, v, o, ttl) and the number. */
const overheadBytes = 40;
/** Items are kept this long after their rows have expired, so that a slow clock never sees a missing row where an expired one was. */
const ttlMarginSeconds = 7 * 86_400;

/**
 * The item of a selected row. A tombstone keeps no values, but stays: older rows must go on losing against it. The item may be
 * dropped 7 days after the row has expired: rows older than it have then expired too. Static rows and views without ttl stay.
 * Throws codec errors for keys and rows that cannot be stored, materialize.itemTooLarge.
 */
export function encodeRow(view: StoredView, entity: Entity, selected: SelectedRow): EncodedRow {
  const { eventTimeMillis, createdTimeMillis, run, deleted, marks, keys, features } = selected;
  const order = orderKey(view, { eventTimeMillis, createdTimeMillis, run, values: features, deleted });
  const row: OnlineRow = {
    entityKey: encodeEntityKey(entity, keys),
    viewId: onlineSortKey(view),
    order,
    packed: packRow(view, { eventTimeMillis, deleted, marks, values: features }),
    ...expiry(view, eventTimeMillis),
  };
  const itemBytes =
    overheadBytes + utf8Length(row.entityKey) + utf8Length(row.viewId) + utf8Length(row.order) + utf8Length(row.packed);
  if (itemBytes > maximumItemBytes)
    throw new TidemarkError(
      'materialize.itemTooLarge',
      `a row of view ${viewId(view)} takes ${itemBytes} bytes with its order text; allowed are ${maximumItemBytes}; split the view or shorten its texts and lists`,
      { details: { view: viewId(view), bytes: itemBytes, allowed: maximumItemBytes } },
    );
  return { row, itemBytes };
}

function expiry(view: StoredView, eventTimeMillis: number | null): { readonly expiresAtSeconds?: number } {
  if (view.ttlMillis === undefined || eventTimeMillis === null) return {};
  return { expiresAtSeconds: Math.ceil((eventTimeMillis + view.ttlMillis) / 1000) + ttlMarginSeconds };
}
