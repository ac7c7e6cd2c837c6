import { aggregationsOf } from '#spec/aggregation.ts';
import type { AggregatedFeature } from '#spec/manifest.ts';
import type { BatchView } from '../batch-view.ts';
import { greatestCommonDivisor, isMillis, isPositiveMillis, wrongMillis } from './millis.ts';
import { type Problems, shown } from './problems.ts';

/** An event lies in this many ticks at most: one statement lists them with sequence(), which Athena bounds at 10,000. */
export const maxTicksPerWindow = 10_000;
/** Windows are folded from cells of gcd(schedule, windows); more than that per window would cost more than reading the events. */
export const maxCellsPerWindow = 100_000;

/** Checks schedule, recompute, ttl and how windows divide into ticks and cells. */
export function checkTicks(definition: BatchView, features: readonly AggregatedFeature[], problems: Problems): void {
  const { name, origin, options } = definition;
  const { schedule, recompute = 0, ttl, delay = 0 } = options;
  if (!Number.isSafeInteger(recompute) || recompute < 0)
    problems.add(
      origin,
      'wrongRecompute',
      `recompute of view "${name}" must be a whole number of ticks from 0 on, got ${shown(recompute)}`,
    );
  if (!isPositiveMillis(schedule)) {
    problems.add(origin, 'wrongDuration', wrongMillis(`schedule of view "${name}"`, schedule, 'hours(1)'));
    return;
  }
  if (isPositiveMillis(ttl) && isMillis(delay) && ttl < schedule + delay)
    problems.add(
      origin,
      'shortTtl',
      `ttl of view "${name}" is ${ttl} ms, less than schedule + delay = ${schedule + delay} ms: values would expire before the next tick is available; raise ttl to ${schedule + delay} ms or more`,
    );
  const windows = features.flatMap(({ formula }) => aggregationsOf(formula).map(({ windowMillis }) => windowMillis));
  if (windows.length === 0) return;
  const longest = Math.max(...windows);
  if (longest / schedule > maxTicksPerWindow)
    problems.add(
      origin,
      'tooManyTicks',
      `view "${name}" has a window of ${longest} ms over a schedule of ${schedule} ms: ${Math.ceil(longest / schedule)} ticks, at most ${maxTicksPerWindow} are allowed; tick more rarely or shorten the window`,
    );
  const cell = windows.reduce(greatestCommonDivisor, schedule);
  if (longest / cell > maxCellsPerWindow)
    problems.add(
      origin,
      'tooManyCells',
      `schedule and windows of view "${name}" have only ${cell} ms in common, which cuts the window of ${longest} ms into ${longest / cell} cells, at most ${maxCellsPerWindow} are allowed; make windows multiples of a coarser step`,
    );
}
