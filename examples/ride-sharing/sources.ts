import { float32, float64, int32, int64, parquetSource, requestSource, string, timestamp } from 'tidemark';

/** One row per trip, when it ended or was cancelled: a cancelled trip has no rating. */
export const trips = parquetSource('trips', {
  location: 'trips/',
  schema: {
    trip_id: string(),
    user_id: int64(),
    driver_id: int64(),
    distance_km: float64(),
    fare: float64(),
    rating: int32(),
    status: string(),
    event_timestamp: timestamp(),
    created_timestamp: timestamp(),
  },
  eventTime: 'event_timestamp',
  createdTime: 'created_timestamp',
  owner: 'marketplace',
});

export const transactions = parquetSource('transactions', {
  location: 'transactions/',
  schema: { customer_id: int64(), merchant_id: string(), amount: float64(), event_timestamp: timestamp() },
  eventTime: 'event_timestamp',
  owner: 'fraud',
});

/** Rows that another pipeline computes and lands: one per user and day. */
export const userStatsRows = parquetSource('user_stats_rows', {
  location: 'user-stats/',
  schema: {
    user_id: int64(),
    trip_count_30d: int64(),
    avg_trip_distance_30d: float32(),
    total_spend_30d: float32(),
    cancellation_rate_30d: float32(),
    avg_rating: float32(),
    event_timestamp: timestamp(),
  },
  eventTime: 'event_timestamp',
  owner: 'ml-platform',
});
export const driverStatsRows = parquetSource('driver_stats_rows', {
  location: 'driver-stats/',
  schema: {
    driver_id: int64(),
    completed_trips_30d: int64(),
    acceptance_rate_30d: float32(),
    avg_customer_rating: float32(),
    earnings_30d: float32(),
    online_hours_30d: float32(),
    event_timestamp: timestamp(),
  },
  eventTime: 'event_timestamp',
  owner: 'driver-ops',
});
export const driverHourlyRows = parquetSource('driver_hourly_rows', {
  location: 'driver-hourly/',
  schema: {
    driver_id: int64(),
    conv_rate: float32(),
    acc_rate: float32(),
    avg_daily_trips: int32(),
    datetime: timestamp(),
    created: timestamp(),
  },
  eventTime: 'datetime',
  createdTime: 'created',
  owner: 'driver-ops',
});
export const customerRows = parquetSource('customer_rows', {
  location: 'customers/',
  schema: {
    customer_id: int64(),
    total_transactions_30d: float32(),
    avg_transaction_amount_30d: float32(),
    max_transaction_amount_30d: float32(),
    transaction_count_7d: int64(),
    unique_merchants_30d: int64(),
    event_timestamp: timestamp(),
    created_timestamp: timestamp(),
  },
  eventTime: 'event_timestamp',
  createdTime: 'created_timestamp',
  owner: 'fraud',
});

export const tripRequest = requestSource('trip_request', {
  schema: { pickup_lat: float32(), pickup_lon: float32(), dropoff_lat: float32(), dropoff_lon: float32() },
  description: 'where the ride that is ordered goes, in degrees',
  owner: 'ml-platform',
});
export const paymentRequest = requestSource('payment_request', {
  schema: { amount: float64() },
  description: 'the payment that is to be judged',
  owner: 'fraud',
});
