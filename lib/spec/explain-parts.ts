import { findEntity } from './find.ts';
import type { EntityView, Feature, Manifest } from './manifest.ts';

/** Whose features a view holds, and from where: `of entity driver (driver_id: int64), from source trips`. */
export function subject(manifest: Manifest, view: EntityView): string {
  const keys = findEntity(manifest, view.entity).keys.map(({ name, type }) => `${name}: ${type}`);
  return `of entity ${view.entity} (${keys.join(', ')}), from source ${view.source}`;
}

/** Name, type and description of a feature. */
export const heading = ({ name, type, description }: Feature): string =>
  `${name} (${type})${description === '' ? '' : `, ${description}`}`;
