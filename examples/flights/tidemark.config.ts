import { defineConfig } from 'tidemark';
import { delayModel } from './delay-model.ts';
import * as departureStats from './departure-stats.ts';
import * as departuresLive from './departures-live.ts';
import * as planes from './planes.ts';
import * as weather from './weather.ts';

export default defineConfig({
  project: 'flights',
  definitions: [departureStats, departuresLive, planes, weather, delayModel],
  stages: {
    // Files of a few events, which training sets and verification see at once: right for a look, wrong for a year of events.
    dev: {
      logRetentionDays: 7,
      bytesScannedCutoffMb: 10_000,
      archiveWindowSeconds: 5,
      servingLog: { sample: 1, retentionDays: 7, shards: 1 },
    },
    staging: { logRetentionDays: 14 },
    prod: {
      protectData: true,
      logRetentionDays: 365,
      serveMemoryMb: 1769,
      serving: {
        provisionedConcurrency: { least: 2, most: 20 },
        jobThrottle: { perSecond: 1, burst: 5 },
        webAcl: {},
      },
      objectives: {},
    },
  },
  access: {
    roles: {
      /** Whoever shows departures asks for the model's features, in bulk but not all at once. */
      delay_scoring: { read: { services: ['delay_model'] }, limits: { perSecond: 50_000, burst: 100_000 } },
      /** The airports' systems send what leaves. */
      departures_producer: { push: ['departure_events'] },
      /** Whoever trains sees features of carriers, planes and origins, and nothing of the weather, which is licensed. */
      research: {
        read: { views: ['carrier_departures', 'plane_departures'] },
        train: { views: ['carrier_departures', 'plane_departures'] },
      },
    },
  },
});
