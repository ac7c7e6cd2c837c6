import { materializedViews } from '#infra/materialized-views.ts';
import type { Manifest, StoredView } from '#spec/manifest.ts';

const hourMillis = 3_600_000;
/** CloudWatch looks back seven days at most where a period is an hour. */
const longestLookbackHours = 168;

export interface FreshnessLimit {
  readonly view: StoredView;
  /** Greatest age, at the end of a run, of the newest tick that the run made visible. */
  readonly maxAgeSeconds: number;
  /** Hours without such a run after which the view counts as stale. */
  readonly silentHours: number;
}

/**
 * How stale each scheduled view may get: one schedule and its delay, doubled, so that one late run is no alarm. Views without a schedule
 * and static views follow their source, which may rest; those whose limit is beyond seven days are watched by their runs' failures only.
 */
export function freshnessLimits(manifest: Manifest): readonly FreshnessLimit[] {
  return materializedViews(manifest).flatMap(({ view, source }) => {
    if (view.scheduleMillis === undefined || source.eventTime === undefined) return [];
    const maxAgeMillis = 2 * (view.scheduleMillis + view.delayMillis);
    const silentHours = Math.ceil(maxAgeMillis / hourMillis) + 1;
    if (silentHours > longestLookbackHours) return [];
    return [{ view, maxAgeSeconds: Math.ceil(maxAgeMillis / 1000), silentHours }];
  });
}
