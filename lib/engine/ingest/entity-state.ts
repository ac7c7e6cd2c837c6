import { emptyProgress, type Progress, packProgress, unpackProgress } from '#codec/progress.ts';
import { utf8Length } from '#codec/utf8.ts';
import { packWindows } from '#codec/window-state.ts';
import { countsUntilMillis } from '#semantics/stream/interval.ts';
import { emptyState, neededUntilMillis, type WindowState } from '#semantics/stream/window-state.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { WindowItem } from '#store/window-items.ts';
import type { Cut } from './cuts.ts';
import type { WindowedView } from './source-views.ts';
import { fingerprintsUntilMillis, greatestArrivalMillis } from './take-events.ts';

/** What the first item of an entity in a view holds. */
export interface EntityState {
  /** Of the item as it stands; 0: there is none. */
  readonly revision: number;
  /** Bytes of its windows as text, as it stands; 0: there is none. */
  readonly packedBytes: number;
  /** Number of the last hand-over to the second item; 0: none yet. */
  readonly handOvers: number;
  /** First instant at which the second item does not matter any more; null: there is nothing in it. */
  readonly closedUntilMillis: number | null;
  /** Greatest time of events that were given up for lack of room; null: none that a window still needs. */
  readonly lostUntilMillis: number | null;
  readonly state: WindowState;
  readonly progress: Progress;
}

/** Items are kept this long after the last window needs them, for readers and records that are late. */
const expiryMarginSeconds = 86_400;
/** Names of attributes (pk, sk, v, q, r, ttl), revision and expiry. */
const overheadBytes = 40;

/** Size of an item as DynamoDB counts it, in bytes. */
export const itemBytes = (item: WindowItem): number =>
  overheadBytes +
  utf8Length(item.entityKey) +
  utf8Length(item.viewId) +
  utf8Length(item.packed) +
  utf8Length(item.progress);

/**
 * The state in an item; undefined: there is none, which is the state of an entity without events. Throws ingest.unknownLayout where
 * the item was written under another definition of the view.
 */
export function openItem(target: WindowedView, item: WindowItem | undefined): EntityState {
  if (!item)
    return {
      revision: 0,
      packedBytes: 0,
      handOvers: 0,
      closedUntilMillis: null,
      lostUntilMillis: null,
      state: emptyState,
      progress: emptyProgress,
    };
  const read = target.read(item.packed);
  if (read.kind === 'unknownLayout')
    throw new TidemarkError(
      'ingest.unknownLayout',
      `an item of view ${target.id} was written under another definition of the view; deploy that definition or give the view a new version`,
      { kind: 'failed', details: { view: target.id } },
    );
  const { handOvers, closedUntilMillis, lostUntilMillis, state } = read;
  const progress = item.progress === '' ? emptyProgress : unpackProgress(item.progress);
  const packedBytes = utf8Length(item.packed);
  return { revision: item.revision, packedBytes, handOvers, closedUntilMillis, lostUntilMillis, state, progress };
}

/**
 * The state as a run finds it: what an older run has counted does not count, what the item has seen of the stream stays true. Windows that
 * reach back to what it held are errors until the backfill has brought it again.
 */
export function inRun(
  target: WindowedView,
  before: EntityState,
  { source, cut }: { readonly source: StreamSource; readonly cut: Pick<Cut, 'run' | 'cutMillis'> },
): EntityState {
  if (before.progress.run >= cut.run) return before;
  return {
    ...before,
    closedUntilMillis: null,
    lostUntilMillis: lostInRun(before, newestOf(target, before), { source, cut }),
    state: emptyState,
    progress: { run: cut.run, hasHistory: false, shards: before.progress.shards },
  };
}

/**
 * What the backfill brings again is lost up to the cut at most. Where fingerprints may have been given up of which copies still come beyond the
 * cut, the loss reaches beyond it too: bringing the events again does not bring the fingerprints.
 */
function lostInRun(
  { lostUntilMillis }: EntityState,
  newestMillis: number | undefined,
  { source, cut: { cutMillis } }: { readonly source: StreamSource; readonly cut: Pick<Cut, 'cutMillis'> },
): number | null {
  const { deduplicateBy } = source;
  if (lostUntilMillis !== null && deduplicateBy && lostUntilMillis + deduplicateBy.withinMillis > cutMillis)
    return Math.max(lostUntilMillis, cutMillis + 1);
  return newestMillis === undefined ? null : Math.min(newestMillis, cutMillis);
}

/** No event that an entity holds, or has lost, happened later: the windows that reach back to it are those that read anything of it. */
function newestOf(target: WindowedView, entity: EntityState): number | undefined {
  const { state, closedUntilMillis, lostUntilMillis } = entity;
  // The second item matters until its newest event has left the longest window.
  const longestMillis = Math.max(...target.plan.windows.map(({ windowMillis }) => windowMillis));
  const instants = [
    ...state.tiles.map(({ endMillis }) => endMillis),
    ...state.events.map(({ atMillis }) => atMillis),
    ...(closedUntilMillis === null ? [] : [closedUntilMillis - longestMillis]),
    ...(lostUntilMillis === null ? [] : [lostUntilMillis]),
  ];
  return instants.length === 0 ? undefined : Math.max(...instants);
}

/** First instant at which no window of the view reaches back to the events that were lost. */
export const lostUntilPassed = (target: WindowedView, lostUntilMillis: number): number =>
  Math.max(...target.plan.windows.map((window) => countsUntilMillis(lostUntilMillis, window)));

const expirySeconds = (untilMillis: number): number => Math.ceil(untilMillis / 1000) + expiryMarginSeconds;

/** The first item of an entity, as the next revision. */
export function headItem(
  target: WindowedView,
  source: StreamSource,
  { entityKey, after }: { readonly entityKey: string; readonly after: EntityState },
): WindowItem {
  const { revision, handOvers, closedUntilMillis, lostUntilMillis, state, progress } = after;
  const untilMillis = Math.max(
    neededUntilMillis(target.plan, state),
    closedUntilMillis ?? 0,
    lostUntilMillis === null ? 0 : lostUntilPassed(target, lostUntilMillis),
    fingerprintsUntilMillis(progress, source) ?? 0,
    greatestArrivalMillis(progress) ?? 0,
  );
  return {
    entityKey,
    viewId: target.headKey,
    packed: packWindows(target.view, target.plan, { handOvers, closedUntilMillis, lostUntilMillis, state }),
    progress: packProgress(progress),
    revision: revision + 1,
    expiresAtSeconds: expirySeconds(untilMillis),
  };
}

/** What the second item of an entity holds, and where it stands. */
export interface ClosedState {
  /** Of the item as it stands; 0: there is none. */
  readonly revision: number;
  readonly handOvers: number;
  readonly state: WindowState;
  /** First instant at which nobody needs it. */
  readonly untilMillis: number;
}

/** The second item of an entity, as the next revision. It remembers nothing of the stream: the first one does. */
export function closedItem(
  target: WindowedView,
  { entityKey, closed }: { readonly entityKey: string; readonly closed: ClosedState },
): WindowItem {
  const { handOvers, state, untilMillis, revision } = closed;
  return {
    entityKey,
    viewId: target.closedKey,
    packed: packWindows(target.view, target.plan, {
      handOvers,
      closedUntilMillis: null,
      lostUntilMillis: null,
      state,
    }),
    progress: '',
    revision: revision + 1,
    expiresAtSeconds: expirySeconds(untilMillis),
  };
}
