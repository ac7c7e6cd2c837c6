import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import { callApi } from '../api.ts';
import type { Target } from '../target.ts';

/** What deploying does to a view. `changed`: its formulas, under the version that is deployed. */
export interface Change {
  readonly change: 'added' | 'removed' | 'changed';
  /** `name@version`. */
  readonly view: string;
}
/** Definition hashes of the deployed views by `name@version`. */
export async function deployedHashes(target: Target): Promise<Map<string, string>> {
  const { views } = (await callApi(target, '/v1/feature-views')) as { views: { id: string; definitionHash: string }[] }; // the API's documented shape
  return new Map(views.map(({ id, definitionHash }) => [id, definitionHash]));
}

/** Views that come, go and change, the going ones last. */
export function changesOf(manifest: Manifest, deployed: ReadonlyMap<string, string>): readonly Change[] {
  const wanted = new Map(manifest.views.map((view) => [viewId(view), view.definitionHash]));
  const changes: Change[] = [...wanted].flatMap(([view, hash]): Change[] => {
    const known = deployed.get(view);
    if (known === undefined) return [{ change: 'added', view }];
    return known === hash ? [] : [{ change: 'changed', view }];
  });
  const removed = [...deployed.keys()].filter((view) => !wanted.has(view));
  return [...changes, ...removed.map((view): Change => ({ change: 'removed', view }))];
}

/**
 * Throws cli.changedViews where a view that is deployed would change under its version: its rows and items could not be read any more, a stream's
 * consumers would stop at them, and models would be served other values than they were trained on.
 */
export function refuseChangedViews(manifest: Manifest, deployed: ReadonlyMap<string, string>): void {
  const changed = changesOf(manifest, deployed).flatMap(({ change, view }) => (change === 'changed' ? [view] : []));
  if (changed.length === 0) return;
  throw new TidemarkError(
    'cli.changedViews',
    `${changed.join(', ')} ${changed.length === 1 ? 'is' : 'are'} deployed with another definition; give the changed view a new version and keep the old one while models use it (--allow-changed deploys all the same, for a deployment whose data may be lost)`,
    { kind: 'conflict', details: { views: changed } },
  );
}
