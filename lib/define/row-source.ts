import type { ParquetSource } from './parquet-source.ts';
import type { StreamSource } from './stream-source.ts';

/** A source whose rows feed views: Parquet files or a stream of events. */
export type RowSource = ParquetSource | StreamSource;
