import type { StreamEvent } from '#semantics/stream/event.ts';
import { type FinishedWindows, finishWindows } from '#semantics/stream/finish-windows.ts';
import { planWindows, type WindowPlan } from '#semantics/stream/window-plan.ts';
import { addEvents, emptyState } from '#semantics/stream/window-state.ts';
import type { Aggregation, Formula } from '#spec/aggregation.ts';
import type { JsonValue } from '#spec/json-value.ts';
import type { Column, StreamView } from '#spec/manifest.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';
import { streamSourceOf, streamViewOf } from '#test/support/manifests.ts';

/** Columns of a shop's payments. */
export const schema: readonly Column[] = [
  { name: 'amount', type: 'float64' },
  { name: 'items', type: 'int64' },
  { name: 'price', type: 'decimal(12,2)' },
  { name: 'shop', type: 'string' },
  { name: 'card', type: 'bytes' },
];

type Feature = readonly [type: FeatureType, formula: Formula, fallback?: JsonValue];

export const viewOf = (features: readonly Feature[], options: Partial<StreamView> = {}): StreamView =>
  streamViewOf(
    'payments',
    features.map(([type, formula, fallback], index) => ({
      name: `f${index}`,
      type,
      formula,
      ...(fallback === undefined ? {} : { default: fallback }),
    })),
    { entity: 'customer', source: 'payments', layout: 'abcd0123', ...options },
  );

export const planOf = (features: readonly Feature[], options: Partial<StreamView> = {}): WindowPlan =>
  planWindows(viewOf(features, options), streamSourceOf('payments', schema, { eventTime: 'at' }));

export const hour = { windowMillis: 3_600_000, hopMillis: 60_000 };

/** An aggregation of a column over an hour with a hop of a minute. */
export const over = (kind: Exclude<Aggregation['kind'], 'count'>, column: string, more: object = {}): Aggregation => ({
  kind,
  column,
  ...hour,
  ...more,
});

/** A payment that arrived when it was made. */
export const payment = (
  eventTimeMillis: number,
  row: Readonly<Record<string, Value>> = {},
  hashes: StreamEvent['hashes'] = {},
): StreamEvent => ({ row, hashes, eventTimeMillis, arrivalMillis: eventTimeMillis });

export const finish = (plan: WindowPlan, events: readonly StreamEvent[], atMillis: number): FinishedWindows =>
  finishWindows(plan, [addEvents(plan, emptyState, events)], atMillis);
