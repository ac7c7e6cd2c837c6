import { entity, int64 } from 'tidemark';

export const user = entity('user', {
  keys: { user_id: int64() },
  description: 'somebody who orders rides',
  owner: 'ml-platform',
});
export const driver = entity('driver', {
  keys: { driver_id: int64() },
  description: 'somebody who drives',
  owner: 'driver-ops',
});
export const customer = entity('customer', {
  keys: { customer_id: int64() },
  description: 'somebody who pays by card',
  owner: 'fraud',
});
