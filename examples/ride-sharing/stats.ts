import { days, feature, tableView } from 'tidemark';
import { customer, driver, user } from './entities.ts';
import { customerRows, driverHourlyRows, driverStatsRows, userStatsRows } from './sources.ts';

export const userStats = tableView('user_stats', {
  entity: user,
  source: userStatsRows,
  ttl: days(1),
  tags: { team: 'ml_platform' },
  features: {
    trip_count_30d: feature({ description: 'trips ordered in 30 days' }),
    avg_trip_distance_30d: feature({ description: 'mean distance of a trip in km' }),
    total_spend_30d: feature({ description: 'fares paid in 30 days' }),
    cancellation_rate_30d: feature({ description: 'share of trips cancelled' }),
    avg_rating: feature({ description: 'mean rating given' }),
  },
});

export const driverStats = tableView('driver_stats', {
  entity: driver,
  source: driverStatsRows,
  ttl: days(1),
  tags: { team: 'driver_ops' },
  features: {
    completed_trips_30d: feature(),
    acceptance_rate_30d: feature(),
    avg_customer_rating: feature(),
    earnings_30d: feature(),
    online_hours_30d: feature(),
  },
});

export const driverHourlyStats = tableView('driver_hourly_stats', {
  entity: driver,
  source: driverHourlyRows,
  ttl: days(1),
  owner: 'driver_team',
  features: {
    conv_rate: feature({ description: 'share of offers that became trips' }),
    acc_rate: feature({ description: 'share of offers accepted' }),
    avg_daily_trips: feature(),
  },
});

/** `total_transactions_30d` is a sum of amounts, whatever its name says. */
export const customerTransactionFeatures = tableView('customer_transaction_features', {
  entity: customer,
  source: customerRows,
  ttl: days(90),
  tags: { team: 'fraud', version: 'v1' },
  features: {
    total_transactions_30d: feature({ description: 'sum of amounts in 30 days' }),
    avg_transaction_amount_30d: feature(),
    max_transaction_amount_30d: feature(),
    transaction_count_7d: feature(),
    unique_merchants_30d: feature(),
  },
});
