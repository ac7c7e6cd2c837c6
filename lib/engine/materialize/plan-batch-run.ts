import { newestTick } from '#semantics/ticks.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { BatchView } from '#spec/manifest.ts';
import { type Interval, intersectionOf, tickCount, unionOf, without } from './intervals.ts';

const dayMillis = 86_400_000;
/** Athena writes at most 100 partitions in one statement, and a day is a partition. */
export const maximumChunkDays = 90;
/** Keeps one statement's output and time bounded for views with a short schedule. */
export const maximumChunkTicks = 10_000;
/** More chunks than this are refused: an execution holds at most 25,000 events, of which a slow statement takes 300. */
export const maximumChunks = 100;

/** Ticks with fromMillis < tick <= toMillis that one statement computes; all lie on days that no other chunk has. */
export interface PlannedChunk extends Interval {
  readonly number: number;
}

export interface BatchRunPlan {
  /** Ticks to compute, aligned to the schedule, sorted, disjoint. */
  readonly ticks: readonly Interval[];
  readonly tickCount: number;
  readonly chunks: readonly PlannedChunk[];
}

export interface BatchRunRequest {
  readonly view: BatchView;
  /** Ticks that are published. */
  readonly covered: readonly Interval[];
  readonly nowMillis: number;
  /** Exclusive. */
  readonly fromMillis?: number | undefined;
  /** Inclusive. */
  readonly toMillis?: number | undefined;
}

/**
 * Which ticks a run computes. With an interval: every tick in it, also those computed before (their rows are written again and
 * count from their publication). Without: all ticks that are missing since the earliest covered one, and the last
 * `recomputeTicks` covered ones besides when something is missing; the newest tick alone when nothing is covered yet.
 * Never a tick whose `tick + delay` lies ahead of now. Throws materialize.badInterval, materialize.tooManyChunks.
 */
export function planBatchRun(request: BatchRunRequest): BatchRunPlan {
  const { view, covered } = request;
  checkInterval(view, request);
  const schedule = view.scheduleMillis;
  const newestMillis = newestTick(request.nowMillis - view.delayMillis, schedule);
  const toMillis = Math.min(newestMillis, newestTick(request.toMillis ?? newestMillis, schedule));
  const wanted =
    request.fromMillis === undefined
      ? missingTicks(view, unionOf(covered), toMillis)
      : unionOf([{ fromMillis: newestTick(request.fromMillis, schedule), toMillis }]);
  const ticks = joinSharedDays(schedule, wanted);
  return { ticks, tickCount: tickCount(ticks, schedule), chunks: chunksOf(view, ticks) };
}

function missingTicks(view: BatchView, covered: readonly Interval[], toMillis: number): Interval[] {
  const [earliest] = covered;
  if (!earliest) return [{ fromMillis: toMillis - view.scheduleMillis, toMillis }];
  const missing = without([{ fromMillis: earliest.fromMillis, toMillis }], covered);
  if (missing.length === 0) return [];
  const watermarkMillis = covered.at(-1)?.toMillis ?? toMillis;
  const recompute = {
    fromMillis: watermarkMillis - view.recomputeTicks * view.scheduleMillis,
    toMillis: watermarkMillis,
  };
  return unionOf(missing, intersectionOf([recompute], covered));
}

function checkInterval(view: BatchView, { fromMillis, toMillis }: BatchRunRequest): void {
  if (fromMillis === undefined || toMillis === undefined || fromMillis < toMillis) return;
  throw new TidemarkError(
    'materialize.badInterval',
    `interval of ${viewId(view)} must have from before to, got from ${iso(fromMillis)} to ${iso(toMillis)}; from is exclusive, to inclusive`,
    { details: { view: viewId(view), fromMillis, toMillis } },
  );
}

/** Cuts ticks into chunks of whole UTC days, each within the limits above (or of one day, where a day has more ticks). */
function chunksOf(view: BatchView, ticks: readonly Interval[]): PlannedChunk[] {
  const chunks = ticks.flatMap((interval) => cutByDays(view.scheduleMillis, interval));
  if (chunks.length > maximumChunks)
    throw new TidemarkError(
      'materialize.tooManyChunks',
      `${chunks.length} statements would be needed for ${tickCount(ticks, view.scheduleMillis)} ticks of ${viewId(view)}, at most ${maximumChunks} are allowed in one run; materialize a shorter interval first`,
      { details: { view: viewId(view), got: chunks.length, allowed: maximumChunks } },
    );
  return chunks.map((chunk, number) => ({ number, ...chunk }));
}

function cutByDays(scheduleMillis: number, { fromMillis, toMillis }: Interval): Interval[] {
  const ticksOfDay = Math.max(1, dayMillis / scheduleMillis);
  const days = Math.max(1, Math.min(maximumChunkDays, Math.floor(maximumChunkTicks / ticksOfDay)));
  const cuts: Interval[] = [];
  let start = fromMillis;
  while (start < toMillis) {
    const firstTick = start + scheduleMillis;
    const endOfDays = newestTick(firstTick, dayMillis) + days * dayMillis;
    // The last tick before midnight of the day after: midnight itself belongs to the next day.
    const end = Math.min(toMillis, newestTick(endOfDays - 1, scheduleMillis));
    cuts.push({ fromMillis: start, toMillis: end });
    start = end;
  }
  return cuts;
}

/**
 * Intervals that meet on one day become one, since a (day, run) partition has one folder: the ticks between them are computed
 * again.
 */
function joinSharedDays(scheduleMillis: number, intervals: readonly Interval[]): Interval[] {
  const joined: Interval[] = [];
  for (const interval of intervals) {
    const last = joined.at(-1);
    const firstDay = newestTick(interval.fromMillis + scheduleMillis, dayMillis);
    if (last && newestTick(last.toMillis, dayMillis) === firstDay)
      joined[joined.length - 1] = { fromMillis: last.fromMillis, toMillis: interval.toMillis };
    else joined.push(interval);
  }
  return joined;
}

const iso = (millis: number): string => new Date(millis).toISOString();
