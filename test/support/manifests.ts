import type { Formula } from '#spec/aggregation.ts';
import type { JsonValue } from '#spec/json-value.ts';
import type {
  BatchView,
  Column,
  Entity,
  Manifest,
  ParquetSource,
  StreamSource,
  StreamView,
  TableView,
} from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';

/** Hand-made manifests for tests of what reads manifests; definitions have tests of their own. */
const described = { description: '', tags: {} };
const noHash = '0'.repeat(64);

export const entityOf = (name: string, keys: Entity['keys']): Entity => ({ name, keys, ...described });

export const sourceOf = (
  name: string,
  schema: readonly Column[],
  options: Partial<ParquetSource> = {},
): ParquetSource => ({
  kind: 'parquet',
  name,
  location: `${name}/`,
  schema: [...schema],
  ...described,
  ...options,
});

export const streamSourceOf = (
  name: string,
  schema: readonly Column[],
  options: Partial<StreamSource> & Pick<StreamSource, 'eventTime'>,
): StreamSource => ({
  kind: 'stream',
  name,
  schema: [...schema],
  allowedSkewMillis: 60_000,
  partitionBy: [],
  entities: [],
  hashed: [],
  ...described,
  ...options,
});

export interface BatchFeature {
  readonly name: string;
  readonly type: FeatureType;
  readonly formula: Formula;
  readonly default?: JsonValue;
}

export const batchViewOf = (
  name: string,
  features: readonly BatchFeature[],
  options: Partial<BatchView> & Pick<BatchView, 'entity' | 'source' | 'scheduleMillis'>,
): BatchView => ({
  kind: 'batch',
  name,
  version: 1,
  definitionHash: noHash,
  layout: '00000000',
  online: true,
  delayMillis: 0,
  recomputeTicks: 0,
  features: features.map((feature) => ({ ...feature, ...described })),
  ...described,
  ...options,
});

export const streamViewOf = (
  name: string,
  features: readonly BatchFeature[],
  options: Partial<StreamView> & Pick<StreamView, 'entity' | 'source'>,
): StreamView => ({
  kind: 'stream',
  name,
  version: 1,
  definitionHash: noHash,
  layout: '00000000',
  online: true,
  features: features.map((feature) => ({ ...feature, ...described })),
  ...described,
  ...options,
});

export const tableViewOf = (
  name: string,
  features: readonly { readonly name: string; readonly type: FeatureType; readonly default?: JsonValue }[],
  options: Partial<TableView> & Pick<TableView, 'entity' | 'source'>,
): TableView => ({
  kind: 'table',
  name,
  version: 1,
  definitionHash: noHash,
  layout: '00000000',
  online: true,
  delayMillis: 0,
  features: features.map((feature) => ({ ...feature, column: feature.name, ...described })),
  ...described,
  ...options,
});

export const manifestOf = (parts: Pick<Manifest, 'entities' | 'sources' | 'views'>): Manifest => ({
  manifestVersion: 1,
  project: 'test',
  services: [],
  hash: noHash,
  ...parts,
});
