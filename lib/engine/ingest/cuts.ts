import * as z from 'zod/mini';
import { readJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import type { Objects } from '#store/objects.ts';

/** Of one stream view: the live stream applies arrivals > cutMillis, the backfill those <= cutMillis and the history. */
const runSchema = z.strictObject({
  /** Grows by one with every rebuild; items of an older run count as empty. */
  run: z.int().check(z.positive()),
  cutMillis: z.int().check(z.nonnegative()),
});
/** `previous`: the run before, which items go on with until something arrives beyond the cut: a rebuild does not let them grow old. */
const cutSchema = z.strictObject({
  ...runSchema.shape,
  previous: z.optional(runSchema),
  /** A consumer that does not apply the view has been at work: what it took is not in the items of this run. */
  hasMissed: z.optional(z.literal(true)),
});
const cutsSchema = z.strictObject({ views: z.record(z.string(), cutSchema) });
export type Cut = z.infer<typeof cutSchema>;
/** Cuts of a source's stream views, by `view@version`. */
export type Cuts = Readonly<Record<string, Cut>>;

/** A cut lies this far ahead of the moment at which it is made: no batch that began before has arrivals beyond it. */
export const cutMarginMillis = 5 * 60_000;
/** Cuts are read at most this often, so a batch acts on cuts that were true this long before it. */
const cutsAgeMillis = 10_000;
/** Writers of cuts are few; this many in a row that come in between are a fault. */
const writeAttempts = 20;
/** A batch ends at most this long after its consumer has read the cuts: their age and the time of an invocation, rounded up. */
const batchMillis = 2 * 60_000;

type Repeating = Pick<StreamSource, 'deduplicateBy' | 'allowedSkewMillis'>;

/** Of two copies of an event the second arrives at most this long after the first: within `within` of their event time, which may be ahead. */
const repeatsMillis = ({ deduplicateBy, allowedSkewMillis }: Repeating): number =>
  deduplicateBy ? deduplicateBy.withinMillis + allowedSkewMillis : 0;

/**
 * Where a view is cut that is seen for the first time at `nowMillis`. Where the source deduplicates, the live stream must have met every event
 * that one beyond the cut may repeat.
 */
export const firstCutMillis = (source: Repeating, nowMillis: number): number =>
  nowMillis + cutMarginMillis + repeatsMillis(source);

const readStored = (objects: Pick<Objects, 'get'>, source: Pick<StreamSource, 'name'>) =>
  readJson(objects, objectKeys.cuts(source), cutsSchema);

/** The cuts as they stand; none where no consumer has seen the source yet. */
export const readCuts = async (objects: Pick<Objects, 'get'>, source: Pick<StreamSource, 'name'>): Promise<Cuts> =>
  (await readStored(objects, source))?.value.views ?? {};

/**
 * Replaces the cuts by what `change` makes of them, on condition that nobody else did meanwhile; else again. `change` gives undefined to
 * leave them. Throws ingest.cutsContended.
 */
async function changeCuts(
  objects: Pick<Objects, 'get' | 'put'>,
  source: Pick<StreamSource, 'name'>,
  change: (cuts: Cuts | undefined) => Cuts | undefined,
): Promise<Cuts> {
  for (let attempt = 0; attempt < writeAttempts; attempt++) {
    const stored = await readStored(objects, source);
    const views = change(stored?.value.views);
    if (views === undefined) return stored?.value.views ?? {};
    const condition = stored ? { ifMatch: stored.etag } : ({ ifAbsent: true } as const);
    if ((await objects.put(objectKeys.cuts(source), JSON.stringify({ views }), condition)) !== undefined) return views;
  }
  throw new TidemarkError('ingest.cutsContended', `the cuts of source ${source.name} change all the time; try again`, {
    kind: 'unavailable',
  });
}

export interface SeenViews {
  /** `view@version` of every stream view that the consumer applies. */
  readonly views: readonly string[];
  readonly nowMillis: number;
  /** Asked by a consumer at work: all other views whose items must meet what it takes miss events from now on. @default false */
  readonly isConsuming?: boolean;
}

/**
 * The cuts with one for each of the views: 0 for those of the source's first consumer, else ahead of now (firstCutMillis). A view that comes back
 * after a consumer without it (one of an earlier deployment, to which a later one was rolled back) begins its next run.
 */
export function claimCuts(
  objects: Pick<Objects, 'get' | 'put'>,
  source: Repeating & Pick<StreamSource, 'name'>,
  { views, nowMillis, isConsuming = false }: SeenViews,
): Promise<Cuts> {
  return changeCuts(objects, source, (cuts) => {
    const known = Object.entries(cuts ?? {});
    // Consumers of an earlier deployment work on for a while beside a view that they do not know: up to its cut nothing is missed.
    const isMet = ({ cutMillis }: Cut): boolean => nowMillis + batchMillis > cutMillis - repeatsMillis(source);
    const missed = known.filter(([view, cut]) => isConsuming && !cut.hasMissed && !views.includes(view) && isMet(cut));
    const fresh = views.filter((view) => cuts?.[view] === undefined || cuts[view].hasMissed);
    if (cuts && fresh.length === 0 && missed.length === 0) return undefined;
    const cutMillis = cuts ? firstCutMillis(source, nowMillis) : 0;
    return {
      ...cuts,
      ...Object.fromEntries(missed.map(([view, cut]): [string, Cut] => [view, { ...cut, hasMissed: true }])),
      ...Object.fromEntries(fresh.map((view): [string, Cut] => [view, { run: nextRun(cuts?.[view]), cutMillis }])),
    };
  });
}

const nextRun = (before: Cut | undefined): number => (before?.run ?? 0) + 1;

/** Gives a view its next run, cut at an instant that must lie far enough ahead (firstCutMillis). Returns the new cut. */
export async function cutAgain(
  objects: Pick<Objects, 'get' | 'put'>,
  source: Pick<StreamSource, 'name'>,
  { view, cutMillis }: { readonly view: string; readonly cutMillis: number },
): Promise<Cut> {
  const cuts = await changeCuts(objects, source, (stored) => {
    const before = stored?.[view];
    const isWhole = before !== undefined && !before.hasMissed;
    const previous = isWhole ? { previous: { run: before.run, cutMillis: before.cutMillis } } : {};
    return { ...stored, [view]: { run: nextRun(before), cutMillis, ...previous } };
  });
  return cuts[view] ?? { run: 1, cutMillis };
}

/** The cuts of one process. */
export interface CutReader {
  /** Read at most every 10 s; views without a cut get one, and those that the consumer does not apply are said to miss events. */
  current(): Promise<Cuts>;
  /** Read now. */
  again(): Promise<Cuts>;
}

export function createCutReader(
  ports: { readonly objects: Pick<Objects, 'get' | 'put'>; readonly clock: Clock },
  source: StreamSource,
  views: readonly string[],
): CutReader {
  let known: { readonly cuts: Cuts; readonly readAtMillis: number } | undefined;
  // The entities of a batch ask at once: they share one read.
  let reading: Promise<Cuts> | undefined;
  const again = async (): Promise<Cuts> => {
    const nowMillis = ports.clock();
    const cuts = await claimCuts(ports.objects, source, { views, nowMillis, isConsuming: true });
    known = { cuts, readAtMillis: nowMillis };
    return cuts;
  };
  return {
    again,
    current: async () => {
      if (known && ports.clock() - known.readAtMillis < cutsAgeMillis) return known.cuts;
      reading ??= again().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}
