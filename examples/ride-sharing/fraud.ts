import { alias, featureService, float64, onDemandView } from 'tidemark';
import { customerActivity } from './activity.ts';
import { paymentRequest } from './sources.ts';
import { customerTransactionFeatures } from './stats.ts';

/** Hands a request field through, so that it has its place in a model's vector. */
export const payment = onDemandView('payment', {
  inputs: { request: paymentRequest },
  outputs: { amount: float64() },
  owner: 'fraud',
  transform: ({ request }) => ({ amount: request.amount }),
});

const { features: history } = customerTransactionFeatures;
const { features: activity } = customerActivity;

/** Seven numbers in the order of the model's vector; the last is the payment itself. */
export const fraudModel = featureService(
  'fraud_model',
  [
    history.total_transactions_30d,
    history.avg_transaction_amount_30d,
    history.max_transaction_amount_30d,
    history.transaction_count_7d,
    activity.payments_24h,
    activity.amount_24h,
    alias('transaction_amount', payment.features.amount),
  ],
  { owner: 'fraud' },
);
