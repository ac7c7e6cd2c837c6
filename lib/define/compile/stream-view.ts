import { aggregationsOf } from '#spec/aggregation.ts';
import { durationText } from '#spec/duration-text.ts';
import type { AggregatedFeature, StreamView } from '#spec/manifest.ts';
import type { StreamView as StreamDefinition } from '../stream-view.ts';
import { maxHopsPerWindow, tooFineTiles } from './hops.ts';
import { type Problems, shown } from './problems.ts';
import { aggregatedFeatures, layoutOf, refuseDeletes, type Unhashed, viewBase } from './view-base.ts';

/** Events that an exact view keeps of an entity unless it says otherwise, and the most that it may say: all of them lie in one item. */
export const defaultMaxEvents = 1000;
export const greatestMaxEvents = 5000;

export function compileStreamView(definition: StreamDefinition, problems: Problems): Unhashed<StreamView> {
  const { options, name, origin } = definition;
  if (options.source.kind !== 'stream')
    problems.add(
      origin,
      'notStream',
      `view "${name}" is a stream view of source "${options.source.name}", which is Parquet files; define it with batchView, or the source with streamSource`,
    );
  refuseDeletes(definition, problems);
  const maxEvents = maxEventsOf(definition, problems);
  const features = aggregatedFeatures(
    definition,
    maxEvents === undefined ? { kind: 'hops' } : { kind: 'exact', maxEvents },
    problems,
  );
  if (maxEvents === undefined) checkTiles(definition, features, problems);
  const exact = maxEvents === undefined ? {} : { exact: { maxEvents } };
  return {
    kind: 'stream',
    ...viewBase(definition, problems),
    layout: layoutOf({
      kind: 'stream',
      ...exact,
      features: features.map(({ name, type, formula }) => [name, type, formula, columnTypes(definition, formula)]),
    }),
    ...exact,
    features,
  };
}

/** Types of the columns that a formula aggregates: a state holds their values, of decimals their digits alone. */
const columnTypes = ({ options: { source } }: StreamDefinition, formula: AggregatedFeature['formula']) =>
  aggregationsOf(formula).map((one) => (one.kind === 'count' ? null : (source.schema[one.column]?.type ?? null)));

/** Events that an exact view keeps; undefined for a view that is not exact. */
function maxEventsOf({ name, origin, options }: StreamDefinition, problems: Problems): number | undefined {
  const { exact = false, maxEvents } = options;
  if (!exact) {
    if (maxEvents !== undefined)
      problems.add(
        origin,
        'wrongMaxEvents',
        `maxEvents of view "${name}" is for exact views, which keep events; add exact: true or leave it out`,
      );
    return undefined;
  }
  const kept = maxEvents ?? defaultMaxEvents;
  if (Number.isInteger(kept) && kept >= 1 && kept <= greatestMaxEvents) return kept;
  problems.add(
    origin,
    'wrongMaxEvents',
    `maxEvents of view "${name}" must be a whole number from 1 to ${greatestMaxEvents}, got ${shown(kept)}; entities with more events need hops`,
  );
  return defaultMaxEvents;
}

function checkTiles(
  { name, origin }: StreamDefinition,
  features: readonly AggregatedFeature[],
  problems: Problems,
): void {
  const windows = features.flatMap(({ formula }) =>
    aggregationsOf(formula).map(({ windowMillis, hopMillis = 1 }) => ({ windowMillis, hopMillis })),
  );
  const found = tooFineTiles(windows);
  if (!found) return;
  const { windowMillis, tileMillis } = found;
  problems.add(
    origin,
    'tooManyTiles',
    `hops of view "${name}" of the window of ${durationText(windowMillis)} and of longer ones have only ${durationText(tileMillis)} in common, which cuts the window into ${Math.ceil(windowMillis / tileMillis)} tiles, at most ${maxHopsPerWindow} are allowed; make each hop a multiple of the shorter ones`,
  );
}
