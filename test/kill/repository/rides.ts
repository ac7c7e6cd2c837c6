import { batchView, count, entity, feature, hours, int64, max, parquetSource, tableView, timestamp } from 'tidemark';

const owner = 'tests';

export const rider = entity('rider', { keys: { rider_id: int64() }, description: 'a rider', owner });

export const rides = parquetSource('rides', {
  location: 'rides/',
  schema: { rider_id: int64(), fare: int64(), at: timestamp() },
  eventTime: 'at',
  description: 'one row a ride',
  owner,
});

export const profiles = parquetSource('profiles', {
  location: 'profiles/',
  schema: { rider_id: int64(), level: int64(), at: timestamp() },
  eventTime: 'at',
  description: 'one row a change of a profile',
  owner,
});

/** The same view under several names: each has its own lock, state and rows, so each can be killed afresh. */
const rideCounts = <const TName extends string>(name: TName) =>
  batchView(name, {
    entity: rider,
    source: rides,
    schedule: hours(1),
    online: true,
    description: 'rides of the last hours',
    owner,
    features: { rides_3h: count({ window: hours(3) }), dearest_3h: max('fare', { window: hours(3) }) },
  });
export const ridesA = rideCounts('rides_a');
export const ridesB = rideCounts('rides_b');
export const ridesC = rideCounts('rides_c');

export const level = tableView('rider_level', {
  entity: rider,
  source: profiles,
  online: true,
  description: 'the level of a rider',
  owner,
  features: { level: feature() },
});
