import {
  alias,
  bool,
  count,
  eq,
  featureService,
  float64,
  hours,
  int64,
  minutes,
  streamSource,
  streamView,
  string,
  sum,
  timestamp,
} from 'tidemark';
import { customer } from './entities.ts';
import { payment } from './fraud.ts';
import { customerTransactionFeatures } from './stats.ts';

/** Every attempt to pay, as it happens; terminals send one again until they get an answer, for hours where the network is bad. */
export const transactionEvents = streamSource('transaction_events', {
  schema: {
    customer_id: int64(),
    transaction_id: string(),
    amount: float64(),
    success: bool(),
    event_timestamp: timestamp(),
  },
  eventTime: 'event_timestamp',
  eventId: 'transaction_id',
  allowedSkew: minutes(1),
  deduplicateBy: { within: hours(6) },
  description: 'attempts to pay by card',
  owner: 'fraud',
});

/** The last hour to the millisecond: nobody pays a thousand times an hour, so all of it can be kept. */
export const customerRealtimeFeatures = streamView('customer_realtime_features', {
  entity: customer,
  source: transactionEvents,
  exact: true,
  tags: { team: 'fraud', version: 'v1' },
  features: {
    transactions_1h: count({ window: hours(1) }),
    amount_1h: sum('amount', { window: hours(1), scale: 2 }),
    failed_transactions_1h: count({ window: hours(1), where: eq('success', false) }),
  },
});

const { features: history } = customerTransactionFeatures;
const { features: lastHour } = customerRealtimeFeatures;

/** As `fraud_model`, with the last hour instead of the last day: one request reads what a table says and what a stream says. */
export const fraudRealtime = featureService(
  'fraud_realtime',
  [
    history.total_transactions_30d,
    history.avg_transaction_amount_30d,
    history.max_transaction_amount_30d,
    history.transaction_count_7d,
    alias('transactions_last_hour', lastHour.transactions_1h),
    alias('amount_last_hour', lastHour.amount_1h),
    alias('transaction_amount', payment.features.amount),
  ],
  { owner: 'fraud' },
);
