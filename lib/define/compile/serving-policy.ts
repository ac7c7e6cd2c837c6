import { durationText } from '#spec/duration-text.ts';
import { maximumKeptMillis, type ServingPolicy } from '#spec/serving-policy.ts';
import type { FeatureService } from '../feature-service.ts';
import { isMillis, isPositiveMillis, wrongMillis } from './millis.ts';
import { type Problems, shown } from './problems.ts';

type Unavailable = NonNullable<FeatureService['serving']['onUnavailable']>;
type Cache = NonNullable<FeatureService['serving']['cache']>;

/** The serving policy of a service; undefined where it declares none. Faults are added to `problems`. */
export function compileServingPolicy(
  { name, origin, serving }: FeatureService,
  problems: Problems,
): ServingPolicy | undefined {
  const report = (problem: string): void =>
    problems.add(origin, 'servingPolicy', `feature service "${name}": ${problem}`);
  const { onUnavailable = 'fail', cache } = serving;
  for (const problem of [...unavailableProblems(onUnavailable), ...(cache ? cacheProblems(cache) : [])])
    report(problem);
  const within = lastKnownWithin(onUnavailable);
  if (cache && typeof within === 'number' && within <= cache.ttl)
    report(
      `onUnavailable.lastKnown.within is ${durationText(within)} and cache.ttl ${durationText(cache.ttl)}; what is no older than the cache's ttl is served anyway, make within longer`,
    );
  if (onUnavailable === 'fail' && !cache) return undefined;
  return {
    ...(onUnavailable === 'default' && { onUnavailable: { kind: 'default' } }),
    ...(within !== undefined && { onUnavailable: { kind: 'lastKnown', withinMillis: within } }),
    ...(cache && { cache: { ttlMillis: cache.ttl, negativeTtlMillis: cache.negativeTtl ?? cache.ttl } }),
  };
}

const lastKnownWithin = (policy: Unavailable): number | undefined =>
  typeof policy === 'string' ? undefined : policy?.lastKnown?.within;

function unavailableProblems(policy: Unavailable): readonly string[] {
  if (policy === 'fail' || policy === 'default') return [];
  const within = lastKnownWithin(policy);
  if (within === undefined)
    return [
      `onUnavailable must be "fail", "default" or { lastKnown: { within } }, got ${shown(policy)}; write it as { lastKnown: { within: minutes(15) } }`,
    ];
  return ageProblems('onUnavailable.lastKnown.within', within, 'minutes(15)');
}

function cacheProblems({ ttl, negativeTtl }: Cache): readonly string[] {
  const problems = ageProblems('cache.ttl', ttl, 'seconds(5)');
  if (negativeTtl === undefined || problems.length > 0) return problems;
  if (isMillis(negativeTtl) && negativeTtl <= ttl) return [];
  return [
    `cache.negativeTtl must be whole milliseconds from 0 (absent rows are not kept) to cache.ttl (${durationText(ttl)}), which bounds the age of whatever is served, got ${shown(negativeTtl)}`,
  ];
}

function ageProblems(what: string, got: unknown, example: string): readonly string[] {
  if (!isPositiveMillis(got)) return [wrongMillis(what, got, example)];
  return got > maximumKeptMillis
    ? [`${what} is ${durationText(got)}, at most ${durationText(maximumKeptMillis)} are allowed; make it shorter`]
    : [];
}
