import { TidemarkError } from './errors.ts';
import type {
  Entity,
  EntityView,
  FeatureService,
  Manifest,
  ParquetSource,
  RequestSource,
  RowSource,
  StoredView,
  StreamSource,
  StreamView,
  View,
} from './manifest.ts';

const missing = (what: string, got: string, allowed: readonly string[]): TidemarkError =>
  new TidemarkError(
    'spec.unknownName',
    `unknown ${what} ${JSON.stringify(got)}; known: ${allowed.join(', ') || 'none'}`,
    {
      kind: 'notFound',
      details: { what, got, allowed },
    },
  );

/** `view@version`: how a view's version is written in refs, sort keys and folders. */
export const viewId = (view: { name: string; version: number }): string => `${view.name}@${view.version}`;

/** Parses `name[@version]`; undefined where it has another form. */
export function parseVersioned(text: string): { name: string; version: number | undefined } | undefined {
  const match = /^([a-z][a-z0-9_]{0,62})(?:@(\d{1,9}))?$/.exec(text);
  return match ? { name: match[1] ?? '', version: match[2] === undefined ? undefined : Number(match[2]) } : undefined;
}

const newest = <T extends { version: number }>(items: readonly T[]): T | undefined =>
  items.reduce<T | undefined>(
    (best, item) => (best === undefined || item.version > best.version ? item : best),
    undefined,
  );

/** The view of a `name[@version]`; without a version the greatest deployed one. Throws spec.unknownName. */
export function findView(manifest: Manifest, reference: string): View {
  const parsed = parseVersioned(reference);
  const named = manifest.views.filter((view) => view.name === parsed?.name);
  const found = parsed?.version === undefined ? newest(named) : named.find((view) => view.version === parsed.version);
  if (!found) throw missing('feature view', reference, manifest.views.map(viewId));
  return found;
}

/** As findView, for views with stored rows; throws spec.notStored for stream and on-demand views. */
export function findStoredView(manifest: Manifest, reference: string): StoredView {
  const view = findView(manifest, reference);
  if (view.kind === 'onDemand' || view.kind === 'stream')
    throw new TidemarkError(
      'spec.notStored',
      `${reference} is ${view.kind === 'stream' ? 'a stream' : 'an on-demand'} view: it has no stored rows; name a table or batch view`,
    );
  return view;
}

/** As findView, for views that are read by the keys of an entity; throws spec.notKeyed for on-demand views. */
export function findEntityView(manifest: Manifest, reference: string): EntityView {
  const view = findView(manifest, reference);
  if (view.kind !== 'onDemand') return view;
  throw new TidemarkError(
    'spec.notKeyed',
    `${reference} is an on-demand view: nothing of it is stored; name a table, batch or stream view`,
  );
}

/** As findView, for stream views; throws spec.notStream for any other. */
export function findStreamView(manifest: Manifest, reference: string): StreamView {
  const view = findView(manifest, reference);
  if (view.kind === 'stream') return view;
  const streams = manifest.views.filter(({ kind }) => kind === 'stream').map(viewId);
  throw new TidemarkError(
    'spec.notStream',
    `${reference} is not a stream view; stream views: ${streams.join(', ') || 'none'}`,
  );
}

export function findService(manifest: Manifest, reference: string): FeatureService {
  const parsed = parseVersioned(reference);
  const named = manifest.services.filter((service) => service.name === parsed?.name);
  const found =
    parsed?.version === undefined ? newest(named) : named.find((service) => service.version === parsed.version);
  if (!found) throw missing('feature service', reference, manifest.services.map(viewId));
  return found;
}

export function findEntity(manifest: Manifest, name: string): Entity {
  const found = manifest.entities.find((entity) => entity.name === name);
  if (!found)
    throw missing(
      'entity',
      name,
      manifest.entities.map((entity) => entity.name),
    );
  return found;
}

export function findParquetSource(manifest: Manifest, name: string): ParquetSource {
  const found = manifest.sources.find((source) => source.name === name);
  if (found?.kind !== 'parquet')
    throw missing(
      'parquet source',
      name,
      manifest.sources.map((source) => source.name),
    );
  return found;
}

export function findStreamSource(manifest: Manifest, name: string): StreamSource {
  const found = manifest.sources.find((source) => source.name === name);
  if (found?.kind === 'stream') return found;
  const streams = manifest.sources.filter(({ kind }) => kind === 'stream');
  throw missing(
    'stream source',
    name,
    streams.map((source) => source.name),
  );
}

/** A source of rows: parquet or stream. */
export function findRowSource(manifest: Manifest, name: string): RowSource {
  const found = manifest.sources.find((source) => source.name === name);
  return found?.kind === 'stream' ? found : findParquetSource(manifest, name);
}

export function findRequestSource(manifest: Manifest, name: string): RequestSource {
  const found = manifest.sources.find((source) => source.name === name);
  if (found?.kind !== 'request')
    throw missing(
      'request source',
      name,
      manifest.sources.map((source) => source.name),
    );
  return found;
}
