import { viewId } from '#spec/find.ts';
import type { EntityView, Feature, FeatureService, Manifest, View } from '#spec/manifest.ts';
import type { ServingLogRule } from '#spec/serving-log.ts';
import { type EntityRead, planFeatures } from '../feature-plan.ts';
import { isLogged } from '../serving-log/sample.ts';
import type { ServiceAnswers } from './read-answers.ts';

/** What the serving log says of the reads of a view or of one of its features. */
export interface Usage {
  /** `unknown`: no row was logged, but services that need it are not logged, or answered by definitions that are deployed no more; or there is no answer at all. */
  readonly state: 'used' | 'unused' | 'unknown';
  /** Rows of logged answers that it was read for. */
  readonly rows: number;
  /** Epoch milliseconds; absent where no row was logged. */
  readonly lastReadMillis?: number;
  /** Services `name@version` that the rows are of. */
  readonly readBy: readonly string[];
  /** Services that need it and whose answers the rule leaves out of the log. */
  readonly notLogged: readonly string[];
}

export interface ViewUsage extends Usage {
  /** `name@version`. */
  readonly view: string;
  readonly features: readonly (Usage & { readonly name: string })[];
}

export interface UsageReport {
  /** Views that are kept online, in the order of the manifest. */
  readonly views: readonly ViewUsage[];
  /** Answers of definitions that are deployed no more: which features they read is not known. */
  readonly notDeployed: readonly ServiceAnswers[];
}

/** A service as the log shows it, and what it reads: inputs of its on-demand views too. */
interface Reader {
  readonly id: string;
  readonly isLogged: boolean;
  readonly answers: ServiceAnswers | undefined;
  /** Rows of the service under another definition than the deployed one. */
  readonly hasOlder: boolean;
  readonly reads: readonly EntityRead[];
}

/** Who read what is kept online, by the answers of a range. A feature counts as read with every row of a service that needs it. Pure. */
export function featureUsage(
  manifest: Manifest,
  answers: readonly ServiceAnswers[],
  rule: Pick<ServingLogRule, 'services'>,
): UsageReport {
  const readers = manifest.services.map((service): Reader => readerOf(manifest, service, { answers, rule }));
  const known = new Set(readers.map((reader) => reader.answers));
  const usage = (of: readonly Reader[]): Usage => usageOf(of, { isLogEmpty: answers.length === 0 });
  return {
    views: manifest.views.filter(isOnline).map((view) => ({
      view: viewId(view),
      ...usage(readers.filter((reader) => needs(reader, view))),
      features: view.features.map((feature) => ({
        name: feature.name,
        ...usage(readers.filter((reader) => needs(reader, view, feature))),
      })),
    })),
    notDeployed: answers.filter((of) => !known.has(of)),
  };
}

/** On-demand views are computed from others: nothing of them is kept. */
export const isOnline = (view: View): view is EntityView => view.kind !== 'onDemand' && view.online;

function readerOf(
  manifest: Manifest,
  service: FeatureService,
  { answers, rule }: { readonly answers: readonly ServiceAnswers[]; readonly rule: Pick<ServingLogRule, 'services'> },
): Reader {
  const id = viewId(service);
  const own = answers.filter((of) => of.service === id);
  return {
    id,
    isLogged: isLogged(rule, service),
    answers: own.find(({ definitionHash }) => definitionHash === service.definitionHash),
    hasOlder: own.some(({ definitionHash }) => definitionHash !== service.definitionHash),
    reads: planFeatures(manifest, { service: id }).reads,
  };
}

const needs = ({ reads }: Reader, view: EntityView, feature?: Feature): boolean =>
  reads.some(
    (read) => read.view === view && (feature === undefined || read.features.some(({ name }) => name === feature.name)),
  );

function usageOf(readers: readonly Reader[], { isLogEmpty }: { readonly isLogEmpty: boolean }): Usage {
  const seen = readers.flatMap(({ answers }) => answers ?? []);
  const notLogged = readers.filter((reader) => !reader.isLogged).map(({ id }) => id);
  const isUncertain = isLogEmpty || notLogged.length > 0 || readers.some(({ hasOlder }) => hasOlder);
  const last = seen.length === 0 ? {} : { lastReadMillis: Math.max(...seen.map(({ lastMillis }) => lastMillis)) };
  return {
    state: seen.length > 0 ? 'used' : isUncertain ? 'unknown' : 'unused',
    rows: seen.reduce((sum, { rows }) => sum + rows, 0),
    ...last,
    readBy: seen.map(({ service }) => service),
    notLogged,
  };
}
