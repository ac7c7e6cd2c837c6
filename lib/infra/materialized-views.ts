import type { Manifest, ParquetSource, StoredView } from '#spec/manifest.ts';

/** A view whose rows runs bring online, with the source that they read. */
export interface MaterializedView {
  readonly view: StoredView;
  readonly source: ParquetSource;
}

/**
 * Table and batch views over Parquet. Views over a stream are none: its consumers keep them up to date, so nothing starts a run of theirs
 * and no run can be late.
 */
export function materializedViews({ views, sources }: Manifest): readonly MaterializedView[] {
  return views.flatMap((view) => {
    if (view.kind !== 'table' && view.kind !== 'batch') return [];
    const source = sources.find(({ name }) => name === view.source);
    return source?.kind === 'parquet' ? [{ view, source }] : [];
  });
}
