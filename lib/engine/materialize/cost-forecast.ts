import { formatInstant } from '#semantics/time.ts';
import { durationText } from '#spec/duration-text.ts';
import { viewId } from '#spec/find.ts';
import type { StoredView } from '#spec/manifest.ts';
import type { RunRecord } from './run-record.ts';

const minuteMillis = 60_000;
/** 730 hours: a twelfth of a year, as AWS counts. */
export const monthMillis = 730 * 3_600_000;

/** What the runs of a view cost: US dollars, estimated as run-cost.ts does. Only `text` where no run says what one costs. */
export interface CostForecast {
  /** A sentence for people. */
  readonly text: string;
  readonly usdPerRun?: number;
  /** Scheduled runs; absent where only new objects start them. */
  readonly runsPerMonth?: number;
  readonly usdPerMonth?: number;
  /** The run that the estimate is taken from. */
  readonly run?: number;
  readonly bytesScanned?: number;
  readonly rowsWritten?: number;
}

/** The forecast of a view whose last runs are these, newest first: by its last run on schedule, else by its last backfill. */
export function costForecast(view: StoredView, runs: readonly RunRecord[]): CostForecast {
  const finished = runs.filter(({ state, costEstimate }) => state === 'succeeded' && costEstimate !== undefined);
  const regular = finished.find(({ requested: { fromMillis, toMillis } }) => (fromMillis ?? toMillis) === undefined);
  const run = regular ?? finished[0];
  if (run?.costEstimate === undefined)
    return {
      text: `unknown: ${viewId(view)} has no finished run yet; "tidemark materialize ${viewId(view)}" makes one`,
    };
  const { bytesScanned = 0, rowsWritten = 0, costEstimate: usdPerRun } = run;
  const known = { usdPerRun, run: run.run, bytesScanned, rowsWritten };
  const kind = regular ? 'run' : 'run, a backfill, which scans more than a run on schedule';
  const perRun = `about ${usd(usdPerRun)} a run (${(bytesScanned / 1e6).toFixed(1)} MB scanned, ${rowsWritten.toLocaleString('en-US')} rows written by the last ${kind}, of ${formatInstant(run.startedAtMillis)})`;
  if (view.scheduleMillis === undefined)
    return { text: `${perRun}; new source files start the runs, so it depends on them how many a month has`, ...known };
  const runsPerMonth = scheduledRunsPerMonth(view.scheduleMillis);
  const usdPerMonth = usdPerRun * runsPerMonth;
  const besides = view.kind === 'table' ? ', besides the runs that new source files start' : '';
  return {
    text: `${perRun}; every ${durationText(view.scheduleMillis)} that is ${Number(runsPerMonth.toFixed(1)).toLocaleString('en-US')} runs and about ${usd(usdPerMonth)} a month${besides}`,
    ...known,
    runsPerMonth,
    usdPerMonth,
  };
}

/** EventBridge starts no rule more often than each minute, nor at parts of one. */
const scheduledRunsPerMonth = (scheduleMillis: number): number =>
  monthMillis / (Math.max(1, Math.ceil(scheduleMillis / minuteMillis)) * minuteMillis);

/** Two digits that say something, for amounts below a cent too. */
export const usd = (amount: number): string => `${amount >= 1 ? amount.toFixed(2) : Number(amount.toPrecision(2))} USD`;
