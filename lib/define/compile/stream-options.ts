import { defaultExactUpTo, maximumExactUpTo, maximumLimit } from '#spec/aggregation.ts';
import { type Formula, streamOnlyKinds } from '../aggregates.ts';
import type { Report } from './filter.ts';
import { defaultHopMillis, hopProblem } from './hops.ts';
import { isPositiveMillis, wrongMillis } from './millis.ts';
import { shown } from './problems.ts';

/** The windows of a view: at ticks, with tails that move by hops, or exact over events that are kept. */
export type Windows =
  | { readonly kind: 'ticks' }
  | { readonly kind: 'hops' }
  | { readonly kind: 'exact'; readonly maxEvents: number };

interface OptionContext {
  readonly windows: Windows;
  readonly report: Report;
}

const defaultRelativeError = 0.01;
/** Each bucket of a sketch is part of the entity's state: a thousandth has ten times as many as a hundredth. */
const [leastRelativeError, greatestRelativeError] = [0.001, 0.25];

/** `hopMillis` of a window as the manifest holds it, nothing in a batch view; undefined when a problem has been reported. */
export function hopOf(
  { windowMillis, hopMillis }: { readonly windowMillis: number; readonly hopMillis: number | undefined },
  { windows, report }: OptionContext,
): { readonly hopMillis?: number } | undefined {
  if (windows.kind !== 'hops') {
    if (hopMillis === undefined) return windows.kind === 'exact' ? { hopMillis: 1 } : {};
    const kind = windows.kind === 'exact' ? 'an exact view' : 'a batch view';
    report('wrongHop', `windows of ${kind} are exact to the millisecond, got hop ${shown(hopMillis)}; leave it out`);
    return undefined;
  }
  if (hopMillis !== undefined && !isPositiveMillis(hopMillis)) {
    report('wrongDuration', wrongMillis('hop', hopMillis, 'minutes(5)'));
    return undefined;
  }
  const hop = hopMillis ?? defaultHopMillis(windowMillis);
  const problem = hopProblem(windowMillis, hop);
  if (problem === undefined) return { hopMillis: hop };
  report('wrongHop', problem);
  return undefined;
}

interface SketchOptions {
  readonly limit?: number;
  readonly exactUpTo?: number;
  readonly quantile?: number;
  readonly relativeError?: number;
}

/** What aggregates of streams say beside their window, with its defaults; undefined when a problem has been reported. */
export function sketchOptions(definition: Formula, context: OptionContext): SketchOptions | undefined {
  const { windows, report } = context;
  if (windows.kind === 'ticks') {
    const problem = batchProblem(definition);
    if (problem === undefined) return {};
    report('streamOnly', problem);
    return undefined;
  }
  switch (definition.kind) {
    case 'lastN': {
      const limit = wholeUpTo(maximumLimit, { what: 'limit', got: definition.limit, report });
      return limit === undefined ? undefined : { limit };
    }
    case 'distinct': {
      // Where every event is kept, so many values are exact at no cost.
      const most = windows.kind === 'exact' ? Math.min(windows.maxEvents, maximumExactUpTo) : defaultExactUpTo;
      const got = definition.exactUpTo ?? most;
      const exactUpTo = wholeUpTo(maximumExactUpTo, { what: 'exactUpTo', got, report });
      return exactUpTo === undefined ? undefined : { exactUpTo };
    }
    case 'approxQuantile':
      return quantileOptions(definition, report);
    default:
      return {};
  }
}

function wholeUpTo(
  most: number,
  { what, got, report }: { readonly what: string; readonly got: number | undefined; readonly report: Report },
): number | undefined {
  if (got !== undefined && Number.isInteger(got) && got >= 1 && got <= most) return got;
  report('wrongOption', `${what} must be a whole number from 1 to ${most}, got ${shown(got)}`);
  return undefined;
}

function quantileOptions(
  { quantile, relativeError = defaultRelativeError }: Formula,
  report: Report,
): SketchOptions | undefined {
  const isGoodError = relativeError >= leastRelativeError && relativeError <= greatestRelativeError;
  if (!isGoodError)
    report(
      'wrongOption',
      `relativeError must be a number from ${leastRelativeError} to ${greatestRelativeError}, got ${shown(relativeError)}`,
    );
  if (quantile !== undefined && quantile >= 0 && quantile <= 1)
    return isGoodError ? { quantile, relativeError } : undefined;
  report('wrongOption', `quantile must be a number from 0 to 1, got ${shown(quantile)}`);
  return undefined;
}

function batchProblem({ kind, exactUpTo }: Formula): string | undefined {
  if (streamOnlyKinds.some((only) => only === kind))
    return `${kind} is for stream views only; a batch view has first, last, min, max, mean and stddev`;
  return exactUpTo === undefined
    ? undefined
    : `exactUpTo is for stream views only: a batch view counts different values exactly; leave it out`;
}
