import { claimCuts, cutAgain, cutMarginMillis, firstCutMillis } from '#engine/ingest/cuts.ts';
import { viewsOfSource } from '#engine/ingest/source-views.ts';
import { viewId } from '#spec/find.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { BackfillPlan } from './backfill-plan.ts';
import type { BackfillPorts } from './backfill-ports.ts';
import { mergedRun } from './backfill-state.ts';
import type { BackfilledView } from './backfilled-view.ts';

export interface CutRequest extends BackfilledView {
  /** Claims the next run of the cut: every item is built again from the log. */
  readonly rebuild: boolean;
  readonly nowMillis: number;
}

type CutPorts = Pick<BackfillPorts, 'manifest' | 'objects' | 'cutAheadMillis'>;

/**
 * The cut that a backfill works up to; undefined where there is nothing to do: the history of the view's run is merged already, or there
 * is none, since the live stream has applied everything from the first event on.
 */
export async function backfillCut(
  ports: CutPorts,
  { view, source, rebuild, nowMillis }: CutRequest,
): Promise<Pick<BackfillPlan, 'cutRun' | 'cutMillis'> | undefined> {
  // No cut divides rows of which the newer wins; only consumers that do not know the view yet must have ended.
  if (view.kind === 'table') return { cutRun: 0, cutMillis: nowMillis + ports.cutAheadMillis };
  const id = viewId(view);
  if (rebuild) {
    const aheadMillis = ports.cutAheadMillis - cutMarginMillis;
    const cutMillis = firstCutMillis(source, nowMillis) + aheadMillis;
    return planned(await cutAgain(ports.objects, source, { view: id, cutMillis }));
  }
  // All that the live stream applies, as its consumer claims them: views that come first are cut together.
  const views = viewsOfSource(ports.manifest, source).windowed.map((windowed) => windowed.id);
  const cuts = await claimCuts(ports.objects, source, { views, nowMillis });
  const cut = cuts[id] ?? { run: 1, cutMillis: 0 };
  const hasHistory = cut.cutMillis > 0 || source.history !== undefined;
  return hasHistory && (await mergedRun(ports.objects, view)) < cut.run ? planned(cut) : undefined;
}

const planned = ({ run, cutMillis }: { readonly run: number; readonly cutMillis: number }) => ({
  cutRun: run,
  cutMillis,
});

/** After it nothing arrives any more that the backfill applies. A history that ends ahead of now grows until then. */
export const lastArrivalMillis = ({ cutMillis }: BackfillPlan, { history }: Pick<StreamSource, 'history'>): number =>
  Math.max(cutMillis, history?.untilMillis ?? 0);
