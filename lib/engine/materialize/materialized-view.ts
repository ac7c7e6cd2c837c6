import { TidemarkError } from '#spec/errors.ts';
import { findRowSource, findStoredView, findView, viewId } from '#spec/find.ts';
import type { Manifest, StoredView, View } from '#spec/manifest.ts';

/** Runs bring the view's rows online: it is a table or batch view whose source is not a stream. */
export const isMaterialized = (manifest: Manifest, view: View): view is StoredView =>
  (view.kind === 'table' || view.kind === 'batch') && findRowSource(manifest, view.source).kind !== 'stream';

/**
 * The view of a `name[@version]` that runs materialize. Throws materialize.fromStream for a view over a stream, which its events keep
 * up to date, spec.notStored for an on-demand view, spec.unknownName.
 */
export function findMaterializedView(manifest: Manifest, reference: string): StoredView {
  const view = findView(manifest, reference);
  if (isMaterialized(manifest, view)) return view;
  if (view.kind === 'onDemand') return findStoredView(manifest, reference);
  const id = viewId(view);
  throw new TidemarkError(
    'materialize.fromStream',
    `${id} reads the stream ${view.source}, whose events bring it online as they arrive: there is nothing to materialize; for events of before its deployment run "tidemark backfill ${id}"`,
    { details: { view: id, source: view.source } },
  );
}
