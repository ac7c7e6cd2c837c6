import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { OnlineRow, ReadOutcome, RowAddress } from '../online-rows.ts';

/**
 * Items of the online table: pk, sk, v (packed row), o (order text), ttl (epoch seconds after which DynamoDB may drop the item).
 * One-letter names: they are paid for in every item and response.
 */
type Item = Record<string, AttributeValue>;

export const itemKey = (address: RowAddress): Item => ({
  pk: { S: address.entityKey },
  sk: { S: address.viewId },
});

export function toItem(row: OnlineRow): Item {
  const item: Item = { pk: { S: row.entityKey }, sk: { S: row.viewId }, v: { S: row.packed }, o: { S: row.order } };
  if (row.expiresAtSeconds !== undefined) item.ttl = { N: String(row.expiresAtSeconds) };
  return item;
}

/** Found when the item holds a packed row; absent for no item. */
export function toOutcome(item: Item | undefined): ReadOutcome {
  const packed = item?.v?.S;
  return packed === undefined ? { kind: 'absent' } : { kind: 'found', packed };
}

/** The address of a read item or of an unprocessed key, as one text. */
export const addressText = (item: Item): string => `${item.sk?.S ?? ''} ${item.pk?.S ?? ''}`;
