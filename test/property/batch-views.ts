import type { BatchView, Entity, Manifest, ParquetSource } from '#spec/manifest.ts';
import { batchViewOf, entityOf, manifestOf, sourceOf } from '#test/support/manifests.ts';
import type { OracleFeature } from '../oracle/aggregates.ts';
import { entityKeys, featuresOver, schema } from './aggregate-cases.ts';

/** The views of the batch property test: windows that are and are not multiples of the schedule. */
const minute = 60_000;
const hour = 60 * minute;

export const entity: Entity = entityOf('log', [...entityKeys]);
export const source: ParquetSource = sourceOf('events', schema, { eventTime: 't' });

export interface ViewCase {
  readonly view: BatchView;
  readonly features: readonly OracleFeature[];
  readonly windows: readonly number[];
}

function viewCase(name: string, scheduleMillis: number, windows: readonly number[]): ViewCase {
  const cases = featuresOver(windows.map((windowMillis) => ({ windowMillis })));
  const view = batchViewOf(
    name,
    cases.map(({ feature }) => feature),
    { entity: entity.name, source: source.name, scheduleMillis },
  );
  return { view, features: cases.map(({ oracle }) => oracle), windows };
}

export const viewCases: readonly ViewCase[] = [
  viewCase('aligned', hour, [2 * hour, 5 * hour]),
  viewCase('unaligned', 30 * minute, [20 * minute, 90 * minute]),
];

export const manifest: Manifest = manifestOf({
  entities: [entity],
  sources: [source],
  views: viewCases.map(({ view }) => view),
});
