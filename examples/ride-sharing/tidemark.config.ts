import { defineConfig } from 'tidemark';
import * as activity from './activity.ts';
import * as fraud from './fraud.ts';
import * as realtime from './realtime.ts';
import * as ridePricing from './ride-pricing.ts';
import * as stats from './stats.ts';
import * as tripFeatures from './trip-features.ts';

export default defineConfig({
  project: 'ride_sharing',
  definitions: [stats, activity, tripFeatures, fraud, realtime, ridePricing],
  stages: { dev: {}, prod: { protectData: true, logRetentionDays: 365 } },
});
