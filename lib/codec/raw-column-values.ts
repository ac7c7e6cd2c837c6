import type { ColumnType, Value } from '#spec/value-type.ts';
import type { RawColumn } from './parquet-read.ts';
import { columnType, isText, listItem } from './parquet-schema.ts';
import { parquetValueReader, type RawScalar, type RawValue } from './parquet-value.ts';
import { utf8Text } from './utf8.ts';

/**
 * Values of a raw column in its file's own type. For a type that features do not have `type` is undefined, and of the values only the
 * nulls are right. Throws codec.invalidParquetValue for a value that its type cannot hold.
 */
export function rawColumnValues({ elements, values }: RawColumn): {
  readonly type: ColumnType | undefined;
  readonly values: readonly Value[];
} {
  const type = columnType(elements);
  if (type === undefined) return { type, values: values.map((value) => (value === null ? null : true)) };
  const read = parquetValueReader(elements, type);
  if (!isText(listItem(elements) ?? elements[0])) return { type, values: values.map(read) };
  return { type, values: values.map((value) => read(Array.isArray(value) ? value.map(decoded) : decodedValue(value))) };
}

const decoded = (raw: RawScalar): RawScalar => (raw instanceof Uint8Array ? utf8Text(raw) : raw);
const decodedValue = (raw: RawValue): RawValue => (raw instanceof Uint8Array ? utf8Text(raw) : raw);
