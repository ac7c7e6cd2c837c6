import { type WireOptions, wireWriter } from '#codec/wire-json.ts';
import { formatInstant } from '#semantics/time.ts';
import type { Value } from '#spec/value-type.ts';
import type { ServePlan } from './plan.ts';
import type { ResponseContext } from './response-context.ts';
import type { Served, ServedRow } from './serve-features.ts';

type WireWriter = (value: Value) => string;

/**
 * Writes the rows of an answer by column, as JSON members: `entities` by key, `columns` in the order of names, and beside them what was asked for of
 * `status`, `eventTime` and `ageMillis`, each a list of columns. An item of a column is of the row of that position.
 */
export function columnsWriter(plan: ServePlan, options: WireOptions): (served: Served, of: ResponseContext) => string {
  const writers = plan.types.map((type) => wireWriter(type, options));
  const keys = plan.keys.map(({ name, type }) => ({ name: JSON.stringify(name), write: wireWriter(type, options) }));
  return ({ rows }, { entities, metadata, asOfMillis }) => {
    const perFeature = (write: (row: ServedRow, index: number) => string): string =>
      `[${plan.names.map((_, index) => list(rows, (row) => write(row, index))).join(',')}]`;
    const ofTime = (name: 'eventTime' | 'ageMillis', write: (millis: number) => string): string[] =>
      metadata.includes(name)
        ? [`"${name}":${perFeature(({ eventTimes }, index) => orNull(eventTimes[index] ?? null, write))}`]
        : [];
    return [
      `"entities":{${keys.map(({ name, write }, key) => `${name}:${list(entities, (values) => written(values[key], write))}`).join(',')}}`,
      `"columns":[${writers.map((write, index) => list(rows, ({ values }) => written(values[index], write))).join(',')}]`,
      ...(metadata.includes('status') ? [`"status":${perFeature(({ status }, index) => `"${status[index]}"`)}`] : []),
      ...ofTime('eventTime', (millis) => `"${formatInstant(millis)}"`),
      ...ofTime('ageMillis', (millis) => String(asOfMillis - millis)),
    ].join(',');
  };
}

const list = <TItem>(items: readonly TItem[], write: (item: TItem) => string): string =>
  `[${items.map(write).join(',')}]`;
const written = (value: Value | undefined, write: WireWriter): string =>
  value === undefined || value === null ? 'null' : write(value);
const orNull = (millis: number | null, write: (millis: number) => string): string =>
  millis === null ? 'null' : write(millis);
