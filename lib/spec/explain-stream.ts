import { aggregationsOf } from './aggregation.ts';
import { durationText } from './duration-text.ts';
import { formulaText } from './explain-formula.ts';
import { heading, subject } from './explain-parts.ts';
import { findStreamSource, viewId } from './find.ts';
import type { Manifest, StreamSource, StreamView } from './manifest.ts';

/** What a stream view computes: each window with its bound, what happens to late, early and repeated events, and one line per feature. */
export function streamLines(manifest: Manifest, view: StreamView): readonly string[] {
  const source = findStreamSource(manifest, view.source);
  return [
    `${viewId(view)}: stream view ${subject(manifest, view)}`,
    'Aggregates events at the instant t of the request or of the label; an event exactly at t counts.',
    'windows:',
    ...windowLines(view),
    ...exactLines(view),
    'An event counts from its arrival on, at its event time; one that arrives when no window reaches back to it any more is only kept in the log.',
    ...acceptanceLines(source),
    ...historyLines(source),
    view.online ? 'Windows are kept online and computed offline from the log.' : 'Windows are computed offline only.',
    'features:',
    ...view.features.map((feature) => `- ${heading(feature)}: ${formulaText(feature)}`),
  ];
}

function windowLines({ features }: StreamView): readonly string[] {
  const windows = new Map<string, { readonly windowMillis: number; readonly hopMillis: number }>();
  for (const { formula } of features)
    for (const { windowMillis, hopMillis = 1 } of aggregationsOf(formula))
      windows.set(`${windowMillis} ${hopMillis}`, { windowMillis, hopMillis });
  return [...windows.values()]
    .sort((a, b) => a.windowMillis - b.windowMillis || a.hopMillis - b.hopMillis)
    .map(({ windowMillis, hopMillis }) => {
      const [window, hop] = [durationText(windowMillis), durationText(hopMillis)];
      return hopMillis === 1
        ? `- ${window}: (t - ${window}, t], exact`
        : `- ${window}, hop ${hop}: covers (floor((t - ${window}) / ${hop}) * ${hop}, t], at most one hop (${hop}) too long, never too short`;
    });
}

const exactLines = ({ exact }: StreamView): readonly string[] =>
  exact === undefined
    ? []
    : [
        `The events of an entity are kept, at most ${exact.maxEvents.toLocaleString('en-US')}: a window of more is null with status ERROR.`,
      ];

/** Which events of a stream are accepted, and how often each counts. */
export function acceptanceLines(source: StreamSource): readonly string[] {
  const ahead =
    source.allowedSkewMillis === 0
      ? 'An event ahead of its arrival'
      : `An event that is ahead of its arrival by at most ${durationText(source.allowedSkewMillis)} counts as of its arrival; one further ahead`;
  const columns = [source.eventTime, source.eventId].filter((column) => column !== undefined).join(' or ');
  return [
    `${ahead} is quarantined, as is one that cannot be read or lacks ${columns}.`,
    source.deduplicateBy === undefined
      ? 'Every record counts: what a producer puts twice counts twice.'
      : `Events of one entity, ${source.deduplicateBy.field} and payload count once; one that arrives more than ${durationText(source.deduplicateBy.withinMillis)} after its event time is quarantined.`,
  ];
}

function historyLines({ history, eventTime }: StreamSource): readonly string[] {
  if (history === undefined) return [];
  const until = new Date(history.untilMillis).toISOString();
  return [
    `History: the rows under ${history.location} whose ${eventTime} + ${durationText(history.latencyMillis)} is at most ${until}; the stream's events count when they arrive after that.`,
  ];
}
