import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import type { Stage } from '#infra/config.ts';
import { type Manifest, manifestSchema } from '#spec/manifest.ts';
import { type StageInput, stageConfigSchema } from '#spec/stage.ts';

const hash = '0'.repeat(64);
const described = { description: 'for tests', owner: 'tests', tags: {} };
const storedView = {
  ...described,
  version: 1,
  definitionHash: hash,
  entity: 'driver',
  online: true,
  layout: '00000000',
};

/**
 * Scheduled, static and stream views, and sources of every kind: streams on demand with a history in another bucket, and provisioned
 * without one. Each branch of the infrastructure once.
 */
export const manifest: Manifest = manifestSchema.parse({
  manifestVersion: 1,
  project: 'rides',
  entities: [
    { name: 'driver', keys: [{ name: 'driver_id', type: 'int64' }], ...described },
    {
      name: 'pickup',
      keys: [
        { name: 'city', type: 'string' },
        { name: 'zone', type: 'int32' },
      ],
      ...described,
    },
  ],
  sources: [
    {
      kind: 'parquet',
      name: 'drivers',
      location: 's3://partner-data/drivers',
      schema: [
        { name: 'driver_id', type: 'int64' },
        { name: 'licences', type: 'list<string>' },
        { name: 'born', type: 'date' },
        { name: 'balance', type: 'decimal(12,2)' },
      ],
      ...described,
    },
    {
      kind: 'stream',
      name: 'positions',
      schema: [
        { name: 'driver_id', type: 'int64' },
        { name: 'zone', type: 'int32' },
        { name: 'at', type: 'timestamp' },
      ],
      eventTime: 'at',
      allowedSkewMillis: 10_000,
      partitionBy: ['driver_id'],
      shards: 2,
      entities: ['driver'],
      hashed: [],
      ...described,
    },
    {
      kind: 'stream',
      name: 'ride_events',
      schema: [
        { name: 'ride_id', type: 'string' },
        { name: 'driver_id', type: 'int64' },
        { name: 'city', type: 'string' },
        { name: 'fare', type: 'decimal(12,2)' },
        { name: 'at', type: 'timestamp' },
      ],
      eventTime: 'at',
      eventId: 'ride_id',
      allowedSkewMillis: 10_000,
      deduplicateBy: { field: 'ride_id', withinMillis: 3_600_000 },
      partitionBy: ['driver_id'],
      history: {
        location: 's3://partner-data/rides',
        partitionedBy: { column: 'dt', of: 'at' },
        untilMillis: 1_767_225_600_000,
        latencyMillis: 1,
      },
      entities: ['driver'],
      hashed: ['city'],
      ...described,
    },
    {
      kind: 'request',
      name: 'ride_request',
      schema: [{ name: 'distance', type: 'float64' }],
      ...described,
    },
    {
      kind: 'parquet',
      name: 'trips',
      location: 'trips/',
      partitionedBy: { column: 'dt', of: 'event_timestamp' },
      schema: [
        { name: 'driver_id', type: 'int64' },
        { name: 'fare', type: 'float64' },
        { name: 'rating', type: 'float32' },
        { name: 'event_timestamp', type: 'timestamp' },
      ],
      eventTime: 'event_timestamp',
      ...described,
    },
  ],
  views: [
    {
      kind: 'table',
      name: 'driver_profile',
      ...storedView,
      source: 'drivers',
      delayMillis: 0,
      features: [{ name: 'licences', type: 'list<string>', column: 'licences', ...described }],
    },
    {
      kind: 'batch',
      name: 'driver_stats',
      ...storedView,
      source: 'trips',
      ttlMillis: 86_400_000,
      scheduleMillis: 3_600_000,
      delayMillis: 600_000,
      recomputeTicks: 0,
      features: [
        { name: 'trips_1d', type: 'int64', formula: { kind: 'count', windowMillis: 86_400_000 }, ...described },
        {
          name: 'fare_1d',
          type: 'float64',
          formula: { kind: 'mean', column: 'fare', windowMillis: 86_400_000, scale: 6 },
          ...described,
        },
      ],
    },
    {
      kind: 'table',
      name: 'last_position',
      ...storedView,
      source: 'positions',
      delayMillis: 0,
      features: [{ name: 'zone', type: 'int32', column: 'zone', ...described }],
    },
    {
      kind: 'table',
      name: 'last_trip',
      ...storedView,
      source: 'trips',
      ttlMillis: 86_400_000,
      delayMillis: 0,
      scheduleMillis: 86_400_000,
      features: [{ name: 'fare', type: 'float64', column: 'fare', ...described }],
    },
    {
      kind: 'stream',
      name: 'ride_activity',
      ...described,
      version: 1,
      definitionHash: hash,
      entity: 'driver',
      source: 'ride_events',
      online: true,
      layout: '00000000',
      features: [
        {
          name: 'rides_1h',
          type: 'int64',
          formula: { kind: 'count', windowMillis: 3_600_000, hopMillis: 60_000 },
          ...described,
        },
        {
          name: 'cities_1d',
          type: 'int64',
          formula: { kind: 'distinct', column: 'city', windowMillis: 86_400_000, hopMillis: 900_000, exactUpTo: 64 },
          ...described,
        },
      ],
    },
  ],
  services: [],
  hash,
});
/** The same without its stream sources and what reads them. */
export const manifestWithoutStreams: Manifest = {
  ...manifest,
  sources: manifest.sources.filter(({ kind }) => kind !== 'stream'),
  views: manifest.views.filter((view) => view.kind !== 'stream' && view.name !== 'last_position'),
};

export const stage = (name: 'dev' | 'prod', config: StageInput = {}): Stage => ({
  name,
  ...stageConfigSchema.parse({ protectData: name === 'prod', ...config }),
});

/** Stands for the generated module; bundling is off in these tests, so only its path counts. */
export const repositoryModule = resolve('test/infra/repository.ts');

/** An app with the feature flags of cdk.json and without bundling: templates only. */
export function testApp(): App {
  const cdkJson: unknown = JSON.parse(readFileSync('cdk.json', 'utf8'));
  const { context } = cdkJson as { context: Record<string, unknown> }; // our own file
  return new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
}

export const testStack = (): Stack => new Stack(testApp(), 'Test');
