import { type Aggregation, aggregationsOf } from '#spec/aggregation.ts';
import { durationText } from '#spec/duration-text.ts';
import { findEntity, viewId } from '#spec/find.ts';
import type { AggregatedFeature, BatchView, Manifest, StreamView } from '#spec/manifest.ts';

/** What `tidemark plan` makes of names that keep off the convention: nothing, warnings, or a failed check. */
export const namingLevels = ['off', 'warn', 'error'] as const;
export type NamingLevel = (typeof namingLevels)[number];

/** A feature whose name says no window, another one than its formula has, or says it before the end. */
export interface NameFinding {
  /** `name@version`. */
  readonly view: string;
  readonly feature: string;
  readonly message: string;
  /** A name that keeps to the convention. */
  readonly suggestion: string;
}

/**
 * Looks at the names of aggregated features, by the convention `<what>_<window>`, as in avg_fare_30d: the window stands last and is
 * the formula's, in any unit (24h is 1d). A ratio of two windows may say none of them, or any of them anywhere; features without
 * aggregation are passed over. In the order of the manifest, at most one finding a feature.
 */
export const nameFindings = (manifest: Manifest): readonly NameFinding[] =>
  manifest.views
    .filter((view) => view.kind === 'batch' || view.kind === 'stream')
    .flatMap((view) => view.features.flatMap((feature) => findingOf(manifest, view, feature) ?? []));

function findingOf(
  manifest: Manifest,
  view: BatchView | StreamView,
  feature: AggregatedFeature,
): NameFinding | undefined {
  const aggregations = aggregationsOf(feature.formula);
  const windows = [...new Set(aggregations.map(({ windowMillis }) => windowMillis))];
  const said = feature.name.split('_').filter((word) => millisOf(word) !== undefined);
  const foreign = said.find((word) => !windows.some((window) => window === millisOf(word)));
  const [window = 0, ...others] = windows;
  if (others.length > 0 && foreign === undefined) return undefined;
  const last = feature.name.slice(feature.name.lastIndexOf('_') + 1);
  if (others.length === 0 && millisOf(last) === window) return undefined; // 100m in sprints_100m_30d is no window

  const inPlace = said.find((word) => millisOf(word) === window) ?? durationText(window);
  const message =
    said.length === 0
      ? `does not say its window, ${inPlace}`
      : foreign === undefined
        ? `says its window ${inPlace} before the end; the window stands last`
        : `says ${foreign}, but its window is ${windows.map(durationText).join(' and ')}`;
  const words = wordsOf(manifest, view, { name: feature.name, aggregations });
  return {
    view: viewId(view),
    feature: feature.name,
    message,
    suggestion: [...words, ...(others.length > 0 ? windows.map(durationText) : [inPlace])].join('_'),
  };
}

const unitMillis: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Length of a window such as 30d; undefined for other words. */
function millisOf(word: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)(ms|s|m|min|h|d|w)$/.exec(word) ?? [];
  return count === undefined ? undefined : Number(count) * (unitMillis[unit] ?? 0);
}

/** Words that say how, not what. */
const aggregateWords = new Set(
  'avg average mean count number sum total min max least greatest var variance std stddev first last distinct unique quantile median'.split(
    ' ',
  ),
);

/** The words of a name but for windows; with the column where they say of nothing but the entity and the aggregate (user_avg). */
function wordsOf(
  manifest: Manifest,
  view: BatchView | StreamView,
  { name, aggregations }: { readonly name: string; readonly aggregations: readonly Aggregation[] },
): readonly string[] {
  const words = name.split('_').filter((word) => millisOf(word) === undefined);
  const { keys } = findEntity(manifest, view.entity);
  const subject = new Set([view.entity, ...keys.map((key) => key.name)].flatMap((text) => text.split('_')));
  const [aggregation, ...others] = aggregations;
  const isBare = words.every((word) => aggregateWords.has(word) || subject.has(word));
  if (!isBare || others.length > 0 || aggregation === undefined || aggregation.kind === 'count') return words;
  return words.join('_').includes(aggregation.column) ? words : [...words, aggregation.column];
}
