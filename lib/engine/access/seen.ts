import { viewId } from '#spec/find.ts';
import type { FeatureService, Manifest, StreamSource, View } from '#spec/manifest.ts';
import type { Grants } from './grants.ts';

/** What a caller may know of a deployment: what they may read, train on or push to. */
export interface Seen {
  readonly views: readonly View[];
  /** Those that are named by a role, and those of which every view is. */
  readonly services: readonly FeatureService[];
  readonly streams: readonly StreamSource[];
}

export function seenBy({ views, services, sources }: Manifest, { read, train, push }: Grants): Seen {
  const seesView = (id: string): boolean => read.views.has(id) || train.views.has(id);
  return {
    views: views.filter((view) => seesView(viewId(view))),
    services: services.filter(
      (service) =>
        read.services.has(viewId(service)) ||
        train.services.has(viewId(service)) ||
        service.features.every(({ view, version }) => seesView(viewId({ name: view, version }))),
    ),
    streams: sources.filter((source) => source.kind === 'stream').filter(({ name }) => push.has(name)),
  };
}
