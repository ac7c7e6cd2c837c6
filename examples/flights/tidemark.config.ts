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
    dev: { logRetentionDays: 7, bytesScannedCutoffMb: 10_000, archiveWindowSeconds: 5 },
    staging: { logRetentionDays: 14 },
    prod: { protectData: true, logRetentionDays: 365 },
  },
});
