import type { CfnTable } from 'aws-cdk-lib/aws-glue';
import { folderUri, sourceFolder } from '#infra/source-location.ts';
import { findEntity } from '#spec/find.ts';
import {
  eventColumns,
  maximumSpineParts,
  objectKeys,
  spineKeyColumn,
  systemColumns,
  tableNames,
} from '#spec/layout.ts';
import type { BatchView, Manifest, ParquetSource, StreamSource } from '#spec/manifest.ts';
import { glueType } from '#sql/types.ts';

/** A table as Glue stores it, named. */
export type TableInput = CfnTable.TableInputProperty & { readonly name: string };
interface GlueColumn {
  readonly name: string;
  readonly type: string;
}

/** First day that a partitioned source may hold; the last is tomorrow, for rows that arrive ahead of their date. */
const firstSourceDate = '1970-01-01';

/**
 * Every table of a deployment's database that Parquet files stand behind: sources, event logs and their histories, feature rows and their
 * publications, staged spines.
 * The analysts' views over them are in analysts-views.ts.
 */
export function catalogTables(manifest: Manifest, bucketName: string): readonly TableInput[] {
  const sources = manifest.sources.filter((source) => source.kind === 'parquet');
  const streams = manifest.sources.filter((source) => source.kind === 'stream');
  const batchViews = manifest.views.filter((view) => view.kind === 'batch');
  return [
    ...sources.map((source) => sourceTable(source, bucketName)),
    ...streams.flatMap((source) => [eventsTable(source, bucketName), ...historyTable(source, bucketName)]),
    ...batchViews.flatMap((view) => [rowsTable(manifest, view, bucketName), publishedTable(view, bucketName)]),
    spinesTable(manifest, bucketName),
  ];
}

/**
 * Partitions (UTC dates of arrivals) are registered by the archive before the first file of a day is put, and moved by compaction, so a
 * day is read from one folder or the other.
 */
function eventsTable(source: StreamSource, bucketName: string): TableInput {
  return parquetTable({
    name: tableNames.events(source),
    description: `event log of ${source.name}: every event that was accepted, as often as it was sent`,
    uri: folderUri({ bucketName, prefix: objectKeys.events(source) }),
    columns: [
      ...source.schema.map(({ name, type }) => ({ name, type: glueType(type) })),
      { name: eventColumns.eventTime, type: 'timestamp' },
      { name: eventColumns.arrivalTime, type: 'timestamp' },
      { name: eventColumns.shard, type: 'string' },
      { name: eventColumns.sequence, type: 'string' },
      { name: eventColumns.fingerprint, type: 'bigint' },
      ...source.hashed.map((column) => ({ name: eventColumns.hash(column), type: 'bigint' })),
    ],
    partitionKeys: [{ name: 'dt', type: 'string' }],
  });
}

/** The Parquet of before a stream, where it has one. */
const historyTable = (source: StreamSource, bucketName: string): TableInput[] =>
  source.history === undefined
    ? []
    : [
        sourceTable(
          {
            ...source,
            ...source.history,
            description: `${source.name}: what happened before the stream`,
            // Null where its files have none: counts of different values over such rows are ERROR.
            schema: [
              ...source.schema,
              ...source.hashed.map((column) => ({ name: eventColumns.hash(column), type: 'int64' as const })),
            ],
          },
          bucketName,
        ),
      ];

type SourceTable = Pick<ParquetSource, 'name' | 'description' | 'location' | 'schema' | 'partitionedBy'>;

function sourceTable(source: SourceTable, bucketName: string): TableInput {
  const uri = folderUri(sourceFolder(source, bucketName));
  const partition = source.partitionedBy?.column;
  return parquetTable({
    name: tableNames.source(source),
    description: source.description,
    uri,
    columns: source.schema
      .filter(({ name }) => name !== partition)
      .map(({ name, type }) => ({ name, type: glueType(type) })),
    ...(partition
      ? {
          partitionKeys: [{ name: partition, type: 'string' }],
          // Projected, so that a new day needs no registration; bounded, so that a statement without a date never lists for ever.
          parameters: {
            'projection.enabled': 'true',
            [`projection.${partition}.type`]: 'date',
            [`projection.${partition}.format`]: 'yyyy-MM-dd',
            [`projection.${partition}.range`]: `${firstSourceDate},NOW+1DAYS`,
            [`projection.${partition}.interval`]: '1',
            [`projection.${partition}.interval.unit`]: 'DAYS',
            'storage.location.template': `${uri}${partition}=\${${partition}}/`,
          },
        }
      : {}),
  });
}

/** Partitions are registered by the publication of a run: a row file outside of them is invisible. */
function rowsTable(manifest: Manifest, view: BatchView, bucketName: string): TableInput {
  return parquetTable({
    name: tableNames.rows(view),
    description: `feature rows of ${view.name}@${view.version}, published or not`,
    uri: folderUri({ bucketName, prefix: objectKeys.rows(view) }),
    columns: [
      ...findEntity(manifest, view.entity).keys.map(({ name, type }) => ({ name, type: glueType(type) })),
      ...view.features.map(({ name, type }) => ({ name, type: glueType(type) })),
      { name: systemColumns.eventTime, type: 'timestamp' },
      { name: systemColumns.replaces, type: 'boolean' },
      { name: systemColumns.marks, type: 'string' },
    ],
    partitionKeys: [
      { name: 'dt', type: 'string' },
      { name: 'run', type: 'bigint' },
    ],
  });
}

function publishedTable(view: BatchView, bucketName: string): TableInput {
  return parquetTable({
    name: tableNames.published(view),
    description: `published (dt, run) of ${view.name}@${view.version}`,
    uri: folderUri({ bucketName, prefix: objectKeys.publishedFolder(view) }),
    columns: [
      { name: 'dt', type: 'string' },
      { name: 'run', type: 'bigint' },
      { name: 'published_at', type: 'timestamp' },
    ],
  });
}

/** One table for the spines of all training sets: a statement names its dataset (injected) and parts. */
function spinesTable(manifest: Manifest, bucketName: string): TableInput {
  const uri = folderUri({ bucketName, prefix: objectKeys.spines });
  return parquetTable({
    name: tableNames.spines,
    description: 'staged spines of training sets: row numbers, event times and entity keys',
    uri,
    columns: [
      { name: 'row_id', type: 'bigint' },
      { name: 'event_time_ms', type: 'bigint' },
      ...manifest.entities.flatMap((entity) =>
        entity.keys.map((key) => ({ name: spineKeyColumn(entity.name, key.name), type: glueType(key.type) })),
      ),
    ],
    partitionKeys: [
      { name: 'dataset', type: 'string' },
      { name: 'part', type: 'int' },
    ],
    parameters: {
      'projection.enabled': 'true',
      'projection.dataset.type': 'injected',
      'projection.part.type': 'integer',
      'projection.part.range': `0,${maximumSpineParts - 1}`,
      'storage.location.template': `${uri}dataset=\${dataset}/part=\${part}/`,
    },
  });
}

function parquetTable(table: {
  readonly name: string;
  readonly description: string;
  readonly uri: string;
  readonly columns: readonly GlueColumn[];
  readonly partitionKeys?: readonly GlueColumn[];
  readonly parameters?: Readonly<Record<string, string>>;
}): TableInput {
  return {
    name: table.name,
    description: table.description,
    tableType: 'EXTERNAL_TABLE',
    partitionKeys: [...(table.partitionKeys ?? [])],
    parameters: { EXTERNAL: 'TRUE', classification: 'parquet', ...table.parameters },
    storageDescriptor: {
      location: table.uri,
      columns: [...table.columns],
      inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      serdeInfo: { serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
    },
  };
}
