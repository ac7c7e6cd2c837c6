import {
  days,
  defineConfig,
  entity,
  feature,
  featureService,
  float64,
  int64,
  parquetSource,
  tableView,
  timestamp,
} from 'tidemark';

const driver = entity('driver', { keys: { driver_id: int64() }, owner: 'bench' });

/** Five of these, of eight floats and two integers each, are what feast_repository.py gives Feast. */
const viewOf = (index: number) =>
  tableView(`view_${index}`, {
    entity: driver,
    source: parquetSource(`source_${index}`, {
      location: `source_${index}/`,
      schema: {
        driver_id: int64(),
        f0: float64(),
        f1: float64(),
        f2: float64(),
        f3: float64(),
        f4: int64(),
        f5: float64(),
        f6: float64(),
        f7: float64(),
        f8: float64(),
        f9: int64(),
        event_timestamp: timestamp(),
      },
      eventTime: 'event_timestamp',
    }),
    ttl: days(365),
    features: {
      f0: feature(),
      f1: feature(),
      f2: feature(),
      f3: feature(),
      f4: feature(),
      f5: feature(),
      f6: feature(),
      f7: feature(),
      f8: feature(),
      f9: feature(),
    },
  });

const [a, b, c, d, e] = [viewOf(0), viewOf(1), viewOf(2), viewOf(3), viewOf(4)] as const;

export default defineConfig({
  project: 'bench',
  definitions: [
    featureService('ten', [
      a.features.f0,
      a.features.f1,
      a.features.f2,
      a.features.f3,
      b.features.f0,
      b.features.f1,
      b.features.f2,
      c.features.f0,
      c.features.f1,
      c.features.f2,
    ]),
    featureService('fifty', [a, b, c, d, e]),
  ],
  stages: { dev: {} },
});
