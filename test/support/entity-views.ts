import type { EntityView, Manifest } from '#spec/manifest.ts';
import type { ViewSelection } from '#sql/training-set-sql.ts';

/** Every view of a manifest that is read by entity, with all its features. */
export const entityViews = (manifest: Manifest): ViewSelection[] =>
  manifest.views
    .flatMap((view): EntityView[] => (view.kind === 'onDemand' ? [] : [view]))
    .map((view) => ({ view, features: view.features.map(({ name }) => name) }));
