import type { RefuseColumn } from './checked-columns.ts';
import type { Schema } from './column-types.ts';
import { asDefinition, type Definition, type Documentation, documentationOf } from './definition.ts';
import { originOfCaller } from './origin.ts';

/** Rows in Parquet files. */
export interface ParquetSource<TName extends string = string, TSchema extends Schema = Schema> extends Definition {
  readonly kind: 'parquet';
  readonly name: TName;
  readonly schema: TSchema;
  readonly location: string;
  readonly partitionedBy: Readonly<Record<string, string>> | undefined;
  readonly eventTime: string | undefined;
  readonly createdTime: string | undefined;
  readonly deleted: string | undefined;
}

/** Columns that have a meaning of their own; each names one of the schema. */
interface MeaningfulColumns {
  /** When what the row says happened; a timestamp. Left out: the rows are static, always visible and never expire. */
  readonly eventTime?: string;
  /** When the row was written; a timestamp. Decides between rows of one event time. */
  readonly createdTime?: string;
  /** True where the row deletes its entity; a bool. Table views only. */
  readonly deleted?: string;
}

export interface ParquetSourceOptions<TSchema extends Schema> extends Documentation {
  /** Folder of the deployment's bucket under `sources/`, or an s3:// URI. Ends with a slash. */
  readonly location: string;
  /** Columns in the files. */
  readonly schema: TSchema;
  /** `{ dt: 'event_timestamp' }`: folders `dt=yyyy-MM-dd` hold the rows of one UTC day of the event time. */
  readonly partitionedBy?: Readonly<Record<string, string>>;
}

interface CheckedColumns<TColumns extends MeaningfulColumns, TSchema extends Schema> {
  readonly eventTime?: RefuseColumn<TColumns['eventTime'], TSchema, 'timestamp'>;
  readonly createdTime?: RefuseColumn<TColumns['createdTime'], TSchema, 'timestamp'>;
  readonly deleted?: RefuseColumn<TColumns['deleted'], TSchema, 'bool'>;
}

/**
 * Defines a source of rows in Parquet:
 * `parquetSource('trips', { location: 'trips/', schema: { fare: float64(), at: timestamp() }, eventTime: 'at' })`.
 */
export function parquetSource<
  const TName extends string,
  const TSchema extends Schema,
  const TColumns extends MeaningfulColumns,
>(
  name: TName,
  options: ParquetSourceOptions<TSchema> & TColumns & CheckedColumns<TColumns, TSchema>,
): ParquetSource<TName, TSchema> {
  const {
    location,
    schema,
    partitionedBy,
    eventTime,
    createdTime,
    deleted,
  }: ParquetSourceOptions<TSchema> & MeaningfulColumns = options;
  return asDefinition({
    kind: 'parquet',
    name,
    schema,
    location,
    partitionedBy,
    eventTime,
    createdTime,
    deleted,
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
}
