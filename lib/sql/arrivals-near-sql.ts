import { eventColumns, spineKeyColumn, tableNames } from '#spec/layout.ts';
import type { Entity, StreamSource } from '#spec/manifest.ts';
import { bigint, dateText, instant, quoted, table, text, toMillis } from './text.ts';

export interface ArrivalsNearOptions {
  readonly database: string;
  readonly entity: Entity;
  readonly sources: readonly StreamSource[];
  /** Id under which the labels are staged, in part 0. */
  readonly dataset: string;
  /** Least and greatest event time of the labels, inclusive, epoch milliseconds. */
  readonly labels: { readonly minMillis: number; readonly maxMillis: number };
  /** An event is near a label when it arrived in (label - beforeMillis, label + afterMillis]. */
  readonly beforeMillis: number;
  readonly afterMillis: number;
}

/** SELECT of the `row_id` of every staged label near which an event of its entity has arrived, each once. */
export function arrivalsNearSql(options: ArrivalsNearOptions): string {
  const { database, entity, sources, dataset, beforeMillis, afterMillis } = options;
  const keys = entity.keys.map(({ name }) => quoted(name));
  const spineKeys = entity.keys.map(({ name }) => quoted(spineKeyColumn(entity.name, name)));
  const equal = keys.map((key, at) => `l.${spineKeys[at]} = e.${key}`).join(' AND ');
  return [
    `SELECT DISTINCT l.row_id FROM ${table(database, tableNames.spines)} l`,
    `JOIN (\n${sources.map((source) => arrivals(source, options)).join('\nUNION ALL\n')}\n) e ON ${equal}`,
    `WHERE l."dataset" = ${text(dataset)} AND l."part" = 0`,
    `AND e._arrival > l.event_time_ms - ${bigint(beforeMillis)} AND e._arrival <= l.event_time_ms + ${bigint(afterMillis)}`,
  ].join('\n');
}

function arrivals(
  source: StreamSource,
  { database, entity, labels, beforeMillis, afterMillis }: ArrivalsNearOptions,
): string {
  const arrival = quoted(eventColumns.arrivalTime);
  const [first, last] = [labels.minMillis - beforeMillis, labels.maxMillis + afterMillis];
  return [
    `SELECT ${entity.keys.map(({ name }) => quoted(name)).join(', ')}, ${toMillis(arrival)} AS _arrival`,
    `FROM ${table(database, tableNames.events(source))}`,
    `WHERE "dt" BETWEEN ${text(dateText(first))} AND ${text(dateText(last))}`,
    `AND ${arrival} BETWEEN ${instant(first)} AND ${instant(last)}`,
  ].join('\n');
}
