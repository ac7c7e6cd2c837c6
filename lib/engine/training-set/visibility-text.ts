import { durationText } from '#spec/duration-text.ts';
import { findRowSource } from '#spec/find.ts';
import type { EntityView, Manifest } from '#spec/manifest.ts';
import type { TrainingSetMode } from './request.ts';

const after = (delayMillis: number, of: string): string =>
  delayMillis === 0 ? `from its ${of}` : `from ${durationText(delayMillis)} after its ${of}`;

/** From when a row of a view, or an event in its windows, counts in a training set of that mode (docs/semantics.md). */
export function visibilityText(manifest: Manifest, view: EntityView, mode: TrainingSetMode): string {
  const source = findRowSource(manifest, view.source);
  if (view.kind === 'stream')
    return mode === 'eventTime'
      ? 'an event counts from its event time'
      : 'an event counts from its arrival, a row of the history from its event time and latency';
  if (view.kind === 'batch')
    return mode === 'eventTime'
      ? 'a row counts from its tick'
      : `a row counts ${after(view.delayMillis, 'tick')}, a replacing one from its publication`;
  if (source.eventTime === undefined) return 'rows are static: always visible';
  if (mode === 'eventTime') return `a row counts from its ${source.eventTime}`;
  if (mode === 'knowledgeTime' && source.createdTime !== undefined)
    return `a row counts from its ${source.createdTime}, at the earliest its ${source.eventTime}`;
  if (source.kind === 'stream') return `a row counts ${after(view.delayMillis, 'arrival')}`;
  // knowledge time without a created time is the event time
  return `a row counts ${after(mode === 'knowledgeTime' ? 0 : view.delayMillis, source.eventTime)}`;
}
