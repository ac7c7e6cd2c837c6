import {
  approxQuantile,
  batchView,
  bool,
  bytes,
  count,
  date,
  decimal,
  entity,
  feature,
  featureService,
  float32,
  float64,
  hours,
  int32,
  int64,
  lastN,
  list,
  mean,
  minutes,
  onDemandView,
  parquetSource,
  requestSource,
  streamSource,
  streamView,
  string,
  sum,
  tableView,
  timestamp,
} from 'tidemark';

/** What is asked for at random: every type of key, column, request field and value, and every kind of view. */
const owned = { owner: 'fuzz' };
export const customer = entity('customer', { keys: { customer_id: int64() }, ...owned });
export const place = entity('place', {
  keys: { region: string(), shelf: int32() },
  ...owned,
});

const everyType = {
  an_int32: int32(),
  an_int64: int64(),
  a_float32: float32(),
  a_float64: float64(),
  a_string: string(),
  a_bool: bool(),
  a_timestamp: timestamp(),
  some_bytes: bytes(),
  int64s: list(int64()),
  strings: list(string()),
};

const profiles = parquetSource('profiles', {
  location: 'profiles/',
  schema: { customer_id: int64(), at: timestamp(), made: timestamp(), gone: bool(), ...everyType },
  eventTime: 'at',
  createdTime: 'made',
  deleted: 'gone',
});
export const everything = tableView('everything', {
  entity: customer,
  source: profiles,
  features: {
    an_int32: feature(),
    an_int64: feature({ default: 7n }),
    a_float32: feature(),
    a_float64: feature(),
    a_string: feature(),
    a_bool: feature(),
    a_timestamp: feature(),
    some_bytes: feature(),
    int64s: feature(),
    strings: feature(),
  },
});

const stock = parquetSource('stock', {
  location: 'stock/',
  schema: { region: string(), shelf: int32(), at: timestamp(), items: int32() },
  eventTime: 'at',
});
export const stockLevels = tableView('stock_levels', {
  entity: place,
  source: stock,
  ttl: hours(1),
  features: { items: feature() },
});

const visits = parquetSource('visits', {
  location: 'visits/',
  schema: { customer_id: int64(), at: timestamp(), spent: float64() },
  eventTime: 'at',
});
export const visitCounts = batchView('visit_counts', {
  entity: customer,
  source: visits,
  schedule: hours(1),
  features: {
    visits_24h: count({ window: hours(24) }),
    spent_24h: sum('spent', { window: hours(24), scale: 2 }),
  },
});

export const clicks = streamSource('clicks', {
  schema: {
    customer_id: int64(),
    click_id: string(),
    at: timestamp(),
    day: date(),
    price: decimal(12, 2),
    ...everyType,
  },
  eventTime: 'at',
  eventId: 'click_id',
  deduplicateBy: { within: hours(6) },
});
export const live = streamView('live', {
  entity: customer,
  source: clicks,
  features: {
    clicks_1h: count({ window: hours(1) }),
    mean_price_24h: mean('a_float64', { window: hours(24) }),
    last_strings_24h: lastN('a_string', { window: hours(24), limit: 3 }),
    median_24h: approxQuantile('a_float64', { window: hours(24), quantile: 0.5 }),
  },
});
export const seen = streamView('seen', {
  entity: customer,
  source: clicks,
  exact: true,
  features: { clicks_10m: count({ window: minutes(10) }) },
});

const basket = requestSource('basket', { schema: everyType, ...owned });
const amount = requestSource('amount', { schema: { amount: float64() }, ...owned });
/** Gives back what it was sent. */
export const echo = onDemandView('echo', {
  inputs: { basket },
  description: 'of the basket',
  ...owned,
  outputs: everyType,
  transform: ({ basket }) => basket,
});
export const share = onDemandView('share', {
  inputs: { visits: visitCounts, amount },
  description: 'of what was spent',
  ...owned,
  outputs: { share: float64() },
  transform: ({ visits: { spent_24h }, amount: { amount } }) => ({
    share: spent_24h === null || amount === null ? null : amount / spent_24h,
  }),
});

export const checkout = featureService(
  'checkout',
  [share, visitCounts.features.visits_24h, live.features.clicks_1h, everything.features.an_int64],
  owned,
);
export const echoes = featureService('echoes', [echo], owned);
export const shelves = featureService('shelves', [stockLevels], owned);
