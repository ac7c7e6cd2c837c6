import type { Entity, EntityView, RowSource } from '#spec/manifest.ts';
import { eventRowsSelect } from './event-rows.ts';
import { featureRowsSelect } from './feature-rows.ts';
import { quoted } from './text.ts';

/** A view of an entity on the tables of a deployment. */
export interface EntityViewOnTables {
  readonly database: string;
  readonly view: EntityView;
  readonly source: RowSource;
  readonly entity: Entity;
}

/** The keys of every entity of which some view of the list has a row or an event that counts, each once; columns named as the keys. */
export function entityKeysSql(entity: Entity, views: readonly EntityViewOnTables[]): string {
  const keys = entity.keys.map(({ name }) => quoted(name)).join(', ');
  return views.map((on) => `SELECT DISTINCT ${keys} FROM (\n${rowsOf(on)}\n) feature_rows`).join('\nUNION\n');
}

function rowsOf({ view, source, ...on }: EntityViewOnTables): string {
  if (view.kind !== 'stream') return featureRowsSelect({ ...on, view, source }, { features: [], mode: 'asServed' });
  if (source.kind !== 'stream') throw new Error(`the source of ${view.name} must be a stream`); // compile has seen to it
  return eventRowsSelect({ ...on, source }, { columns: [], mode: 'asServed' });
}
