import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { catalogTables } from '#infra/catalog-tables.ts';
import { Catalog } from '#infra/constructs/catalog.ts';
import { objectKeys } from '#spec/layout.ts';
import { manifest, testStack } from './fixture.ts';

const stack = testStack();
new Catalog(stack, 'Catalog', { manifest, stageName: 'dev', bucketName: 'data' });
const template = Template.fromStack(stack);
const hasTable = (name: string, input: Record<string, unknown>): void =>
  template.hasResourceProperties('AWS::Glue::Table', {
    DatabaseName: 'tidemark_rides_dev',
    TableInput: Match.objectLike({ Name: name, ...input }),
  });

describe('catalog', () => {
  it('has a table for every Parquet source, event log, history, batch view and analyst, and one for spines', () => {
    const names = Object.values(template.findResources('AWS::Glue::Table')).map(
      (table) => table.Properties.TableInput.Name,
    );
    expect(names.sort()).toEqual([
      'driver_profile_v1',
      'driver_stats_v1',
      'events_positions',
      'events_ride_events',
      'last_position_v1',
      'last_trip_v1',
      'published_driver_stats_v1',
      'rows_driver_stats_v1',
      'source_drivers',
      'source_ride_events',
      'source_trips',
      'training_spines',
    ]);
  });

  it('creates the database before its tables', () => {
    template.allResources('AWS::Glue::Table', { DependsOn: [Match.stringLikeRegexp('Database')] });
  });

  it('maps every column type of a source in an external bucket', () => {
    hasTable('source_drivers', {
      TableType: 'EXTERNAL_TABLE',
      PartitionKeys: [],
      StorageDescriptor: Match.objectLike({
        Location: 's3://partner-data/drivers/',
        Columns: [
          { Name: 'driver_id', Type: 'bigint' },
          { Name: 'licences', Type: 'array<string>' },
          { Name: 'born', Type: 'date' },
          { Name: 'balance', Type: 'decimal(12,2)' },
        ],
      }),
    });
  });

  it('projects the dates of a partitioned source over a bounded range, by template', () => {
    hasTable('source_trips', {
      PartitionKeys: [{ Name: 'dt', Type: 'string' }],
      Parameters: Match.objectLike({
        'projection.enabled': 'true',
        'projection.dt.type': 'date',
        'projection.dt.format': 'yyyy-MM-dd',
        'projection.dt.range': '1970-01-01,NOW+1DAYS',
        'storage.location.template': `s3://data/${objectKeys.source('trips')}dt=\${dt}/`,
      }),
    });
  });

  it('leaves partitions of feature rows to their registration', () => {
    hasTable('rows_driver_stats_v1', {
      PartitionKeys: [
        { Name: 'dt', Type: 'string' },
        { Name: 'run', Type: 'bigint' },
      ],
      Parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
      StorageDescriptor: Match.objectLike({
        Location: `s3://data/${objectKeys.rows({ name: 'driver_stats', version: 1 })}`,
        Columns: [
          { Name: 'driver_id', Type: 'bigint' },
          { Name: 'trips_1d', Type: 'bigint' },
          { Name: 'fare_1d', Type: 'double' },
          { Name: '_event_time', Type: 'timestamp' },
          { Name: '_replaces', Type: 'boolean' },
          { Name: '_marks', Type: 'string' },
        ],
      }),
    });
  });

  it('leaves days of an event log to the archive, and has a column for all that SQL knows of an event', () => {
    hasTable('events_ride_events', {
      PartitionKeys: [{ Name: 'dt', Type: 'string' }],
      Parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
      StorageDescriptor: Match.objectLike({
        Location: `s3://data/${objectKeys.events({ name: 'ride_events' })}`,
        Columns: [
          { Name: 'ride_id', Type: 'string' },
          { Name: 'driver_id', Type: 'bigint' },
          { Name: 'city', Type: 'string' },
          { Name: 'fare', Type: 'decimal(12,2)' },
          { Name: 'at', Type: 'timestamp' },
          { Name: '_event_time', Type: 'timestamp' },
          { Name: '_arrival_time', Type: 'timestamp' },
          { Name: '_shard', Type: 'string' },
          { Name: '_sequence', Type: 'string' },
          { Name: '_fingerprint', Type: 'bigint' },
          { Name: '_hash_city', Type: 'bigint' },
        ],
      }),
    });
  });

  it('keeps the history of a stream as a source of its own, with the columns of the stream and its hashes', () => {
    hasTable('source_ride_events', {
      PartitionKeys: [{ Name: 'dt', Type: 'string' }],
      Parameters: Match.objectLike({ 'storage.location.template': `s3://partner-data/rides/dt=\${dt}/` }),
      StorageDescriptor: Match.objectLike({
        Location: 's3://partner-data/rides/',
        Columns: ['ride_id', 'driver_id', 'city', 'fare', 'at', '_hash_city'].map((Name) => Match.objectLike({ Name })),
      }),
    });
  });

  it('projects spines by a dataset that each statement must name', () => {
    hasTable('training_spines', {
      StorageDescriptor: Match.objectLike({
        Columns: [
          { Name: 'row_id', Type: 'bigint' },
          { Name: 'event_time_ms', Type: 'bigint' },
          { Name: 'driver__driver_id', Type: 'bigint' },
          { Name: 'pickup__city', Type: 'string' },
          { Name: 'pickup__zone', Type: 'int' },
        ],
      }),
      Parameters: Match.objectLike({
        'projection.dataset.type': 'injected',
        'projection.part.type': 'integer',
        'storage.location.template': `s3://data/${objectKeys.spines}dataset=\${dataset}/part=\${part}/`,
      }),
    });
  });

  it('publishes views for analysts as Athena stores them', () => {
    const [view] = Object.values(
      template.findResources('AWS::Glue::Table', { Properties: { TableInput: { Name: 'driver_stats_v1' } } }),
    );
    const { TableType, Parameters, ViewOriginalText, ViewExpandedText } = view?.Properties.TableInput ?? {};
    expect({ TableType, Parameters, ViewExpandedText }).toEqual({
      TableType: 'VIRTUAL_VIEW',
      Parameters: { presto_view: 'true', comment: 'Presto View' },
      ViewExpandedText: '/* Presto View */',
    });
    const [, encoded = ''] = /^\/\* Presto View: (\S+) \*\/$/.exec(ViewOriginalText) ?? [];
    const definition = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    expect(definition).toMatchObject({ catalog: 'awsdatacatalog', schema: 'tidemark_rides_dev' });
    expect(definition.originalSql).toContain('"tidemark_rides_dev"."published_driver_stats_v1"');
    expect(definition.columns).toContainEqual({ name: '_event_time', type: 'timestamp(3)' });
  });

  it('publishes table views over streams for analysts, and no stream views', () => {
    const views = Object.values(
      template.findResources('AWS::Glue::Table', { Properties: { TableInput: { TableType: 'VIRTUAL_VIEW' } } }),
    ).map((view) => view.Properties.TableInput);
    const streamed = manifest.views.filter(({ kind }) => kind === 'stream').map(({ name }) => `${name}_v1`);
    expect(streamed.length).toBeGreaterThan(0);
    expect(views.filter(({ Name }) => streamed.includes(Name))).toEqual([]);
    const position = views.find(({ Name }) => Name === 'last_position_v1')?.ViewOriginalText;
    const [, encoded = ''] = /^\/\* Presto View: (\S+) \*\/$/.exec(position) ?? [];
    expect(Buffer.from(encoded, 'base64').toString('utf8')).toContain('events_positions');
  });

  it('has a location template wherever partitions are projected, without which Trino reads nothing', () => {
    for (const { parameters = {} } of catalogTables(manifest, 'data'))
      expect('projection.enabled' in parameters).toBe('storage.location.template' in parameters);
  });
});
