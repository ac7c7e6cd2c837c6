import { compile } from '#define/compile.ts';
import type { Formulas } from '#define/formulas.ts';
import {
  approxQuantile,
  bool,
  count,
  days,
  decimal,
  distinct,
  entity,
  eq,
  float64,
  hours,
  int32,
  int64,
  last,
  lastN,
  max,
  mean,
  ratio,
  stddev,
  streamSource,
  streamView,
  string,
  sum,
  timestamp,
} from '#define/index.ts';
import type { Manifest } from '#spec/manifest.ts';

const orderSchema = {
  user_id: int64(),
  order_id: string(),
  total: float64(),
  items: int32(),
  price: decimal(12, 2),
  city: string(),
  paid: bool(),
  at: timestamp(),
};

/** Aggregates of every kind over the columns of streamManifest's source, with windows of hops 1m, 15m and 3h. */
export const orderFeatures = {
  orders_1h: count({ window: hours(1) }),
  orders_24h: count({ window: hours(24) }),
  paid_share_1h: ratio(count({ window: hours(1), where: eq('paid', true) }), count({ window: hours(1) })),
  total_1h: sum('total', { window: hours(1), scale: 2 }),
  mean_total_24h: mean('total', { window: hours(24), scale: 2, default: 0 }),
  stddev_items_24h: stddev('items', { window: hours(24) }),
  max_price_24h: max('price', { window: hours(24) }),
  last_city_24h: last('city', { window: hours(24) }),
  last_cities_24h: lastN('city', { window: hours(24), limit: 3 }),
  cities_7d: distinct('city', { window: days(7) }),
  median_total_24h: approxQuantile('total', { window: hours(24), quantile: 0.5 }),
};

/**
 * A compiled manifest: entity `user` (user_id: int64), stream source `orders` (event time `at`, deduplicated by order_id within 6 h) and
 * stream view `live` of it. Options of the source and of the view may be changed; compile checks the outcome.
 */
export function streamManifest(
  features: Formulas = orderFeatures,
  changes: { readonly source?: object; readonly view?: object } = {},
): Manifest {
  const user = entity('user', { keys: { user_id: int64() }, owner: 'growth' });
  const orders = streamSource('orders', {
    schema: orderSchema,
    eventTime: 'at',
    eventId: 'order_id',
    deduplicateBy: { within: hours(6) },
    ...changes.source,
  });
  const live = streamView('live', {
    entity: user,
    source: orders,
    features: features as typeof orderFeatures, // compile checks them again
    ...changes.view,
  });
  return compile([live], { project: 'test' });
}
