import type { Entity } from '#spec/manifest.ts';
import { featureRowsSelect, type ViewOnTables } from './feature-rows.ts';
import { quoted } from './text.ts';

/** The keys of every entity of which some view of the list has a row, each once; columns named as the keys. */
export function entityKeysSql(entity: Entity, views: readonly ViewOnTables[]): string {
  const keys = entity.keys.map(({ name }) => quoted(name)).join(', ');
  const rows = views.map(
    (view) =>
      `SELECT DISTINCT ${keys} FROM (\n${featureRowsSelect(view, { features: [], mode: 'asServed' })}\n) feature_rows`,
  );
  return rows.join('\nUNION\n');
}
