import { TidemarkError } from '#spec/errors.ts';
import { findEntityView, findRowSource, viewId } from '#spec/find.ts';
import type { EntityView, Manifest, StreamSource, StreamView, TableView } from '#spec/manifest.ts';

/** A view that events keep up to date, and the source of them. */
export interface BackfilledView {
  readonly view: StreamView | TableView;
  readonly source: StreamSource;
}

/** The stream that a view reads; undefined for views that runs materialize. */
export function streamOf(manifest: Manifest, view: EntityView): StreamSource | undefined {
  const source = findRowSource(manifest, view.source);
  return source.kind === 'stream' ? source : undefined;
}

/**
 * The view of a `name[@version]` that a backfill fills. Throws backfill.notOverStream for a view that is materialized,
 * backfill.notOnline for one without an online store, spec.notKeyed, spec.unknownName.
 */
export function findBackfilledView(manifest: Manifest, reference: string): BackfilledView {
  const view = findEntityView(manifest, reference);
  const id = viewId(view);
  const source = streamOf(manifest, view);
  if (!source || view.kind === 'batch')
    throw new TidemarkError(
      'backfill.notOverStream',
      `${id} reads no stream, but ${view.source}: its history is what its runs compute; run "tidemark materialize ${id}", with --from and --to for ticks that are past`,
      { details: { view: id, source: view.source } },
    );
  if (!view.online)
    throw new TidemarkError(
      'backfill.notOnline',
      `${id} is not online: training sets read the event log itself, so there is nothing to fill; declare it with online: true to serve it`,
      { details: { view: id } },
    );
  return { view, source };
}
