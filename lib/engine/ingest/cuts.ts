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
const cutSchema = z.strictObject({ ...runSchema.shape, previous: z.optional(runSchema) });
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

/**
 * Where a view is cut that is seen for the first time at `nowMillis`. Where the source deduplicates, the live stream must have met every event
 * that one beyond the cut may repeat: copies arrive within `within` of their event time, which may be allowedSkew ahead of the first arrival.
 */
export function firstCutMillis(
  source: Pick<StreamSource, 'deduplicateBy' | 'allowedSkewMillis'>,
  nowMillis: number,
): number {
  const repeatsMillis = source.deduplicateBy ? source.deduplicateBy.withinMillis + source.allowedSkewMillis : 0;
  return nowMillis + cutMarginMillis + repeatsMillis;
}

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
}

/** The cuts with one for each of the views: 0 for those of the source's first consumer, else ahead of now (firstCutMillis). */
export function claimCuts(
  objects: Pick<Objects, 'get' | 'put'>,
  source: Pick<StreamSource, 'name' | 'deduplicateBy' | 'allowedSkewMillis'>,
  { views, nowMillis }: SeenViews,
): Promise<Cuts> {
  return changeCuts(objects, source, (cuts) => {
    const fresh = views.filter((view) => cuts?.[view] === undefined);
    if (cuts && fresh.length === 0) return undefined;
    const cut: Cut = { run: 1, cutMillis: cuts ? firstCutMillis(source, nowMillis) : 0 };
    return { ...cuts, ...Object.fromEntries(fresh.map((view) => [view, cut])) };
  });
}

/** Gives a view its next run, cut at an instant that must lie far enough ahead (firstCutMillis). Returns the new cut. */
export async function cutAgain(
  objects: Pick<Objects, 'get' | 'put'>,
  source: Pick<StreamSource, 'name'>,
  { view, cutMillis }: { readonly view: string; readonly cutMillis: number },
): Promise<Cut> {
  const cuts = await changeCuts(objects, source, (stored) => {
    const before = stored?.[view];
    const previous = before ? { previous: { run: before.run, cutMillis: before.cutMillis } } : {};
    return { ...stored, [view]: { run: (before?.run ?? 0) + 1, cutMillis, ...previous } };
  });
  return cuts[view] ?? { run: 1, cutMillis };
}

/** The cuts of one process. */
export interface CutReader {
  /** Read at most every 10 s; views without a cut get one. */
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
    const cuts = await claimCuts(ports.objects, source, { views, nowMillis });
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
