import { batchView, count, days, distinct, eq, hours, max, mean, minutes, ratio, sum } from 'tidemark';
import { customer, user } from './entities.ts';
import { transactions, trips } from './sources.ts';

const month = days(30);
const week = days(7);

/** What `user_stats` says, computed here from the trips themselves. */
export const userTripFeatures = batchView('user_trip_features', {
  entity: user,
  source: trips,
  schedule: days(1),
  delay: minutes(30),
  ttl: days(2),
  features: {
    trip_count_30d: count({ window: month }),
    avg_trip_distance_30d: mean('distance_km', { window: month }),
    total_spend_30d: sum('fare', { window: month, scale: 2 }),
    avg_rating_30d: mean('rating', { window: month }),
    cancellation_rate_30d: ratio(count({ window: month, where: eq('status', 'cancelled') }), count({ window: month }), {
      default: 0,
    }),
  },
});

/** Several windows of one source, from one scan. */
export const customerActivity = batchView('customer_activity', {
  entity: customer,
  source: transactions,
  schedule: hours(1),
  delay: minutes(10),
  ttl: days(2),
  features: {
    amount_30d: sum('amount', { window: month, scale: 2 }),
    mean_amount_30d: mean('amount', { window: month, scale: 2 }),
    max_amount_30d: max('amount', { window: month }),
    payments_30d: count({ window: month }),
    merchants_30d: distinct('merchant_id', { window: month }),
    amount_7d: sum('amount', { window: week, scale: 2 }),
    mean_amount_7d: mean('amount', { window: week, scale: 2, default: 0 }),
    max_amount_7d: max('amount', { window: week, default: 0 }),
    payments_7d: count({ window: week }),
    merchants_7d: distinct('merchant_id', { window: week }),
    payments_24h: count({ window: days(1) }),
    amount_24h: sum('amount', { window: days(1), scale: 2 }),
  },
});
