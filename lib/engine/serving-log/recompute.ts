import { planServing, type ServePlan } from '#engine/serve/plan.ts';
import { type ArchivePorts, awaitArchive } from '#engine/verify/await-archive.ts';
import { answersNearArrivals, type OfflinePorts, offlineRows } from '#engine/verify/offline-rows.ts';
import type { OfflineView, VerifyRow } from '#engine/verify/verify.ts';
import { findRowSource, viewId } from '#spec/find.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import { type EntityRead, planFeatures } from '../feature-plan.ts';
import type { LoggedRow } from './logged-rows.ts';

export interface RecomputePorts extends ArchivePorts, Omit<OfflinePorts, 'manifest'> {
  readonly repository: Repository;
}

/** A service that is deployed as its rows were logged, and what it reads. */
export interface LoggedService {
  /** `name@version`. */
  readonly id: string;
  readonly plan: ServePlan;
  readonly reads: readonly EntityRead[];
  readonly streams: readonly StreamSource[];
  /** Views (`view@version`) whose values follow a stream. */
  readonly followers: ReadonlySet<string>;
}

/** Throws what planServing throws. */
export function loggedService(repository: Repository, id: string): LoggedService {
  const { manifest } = repository;
  const { reads } = planFeatures(manifest, { service: id });
  const sources = reads.map(({ view }) => findRowSource(manifest, view.source));
  return {
    id,
    plan: planServing(repository, { service: id }),
    reads,
    streams: [...new Set(sources)].filter((source) => source.kind === 'stream'),
    followers: new Set(reads.filter((_, at) => sources[at]?.kind === 'stream').map(({ view }) => viewId(view))),
  };
}

export interface Recomputation {
  /** Names the folders of what is staged and unloaded; of this service in this verification alone. */
  readonly id: string;
  /** Longest wait for the event logs of streams to come to the instants of the answers. */
  readonly maximumWaitMillis: number;
}

/** The rows with what the point-in-time join says of each at its own instant. Throws verify.archiveBehind and engine.queryFailed. */
export async function recomputed(
  ports: RecomputePorts,
  service: LoggedService,
  { rows, id, maximumWaitMillis }: Recomputation & { readonly rows: readonly LoggedRow[] },
): Promise<readonly (LoggedRow & VerifyRow)[]> {
  const arrivalMillis = rows.reduce((greatest, { asOfMillis }) => Math.max(greatest, asOfMillis), 0);
  await awaitArchive(ports, { sources: service.streams, arrivalMillis, maximumMillis: maximumWaitMillis });
  const offline: Record<string, OfflineView>[] = rows.map(() => ({}));
  for (const asked of entitiesOf(service, rows)) {
    const answers = await offlineRows({ ...ports, manifest: ports.repository.manifest }, { ...asked, id });
    for (const [at, views] of answers.entries()) offline[at] = { ...offline[at], ...views };
  }
  return rows.map((row, at) => ({ ...row, offline: offline[at] ?? {} }));
}

/** Events take seconds from their arrival to the item; the alarm aggregate-behind tells of a minute. */
const longestDelayMillis = 60_000;

/**
 * Indexes of the rows, of which `recomputed` has been asked under this id, of whose entities events arrived in the minute before the answer: those may have been on
 * their way, which nobody can ask again now.
 */
export async function nearArrivals(
  ports: RecomputePorts,
  service: LoggedService,
  { rows, id }: { readonly rows: readonly LoggedRow[]; readonly id: string },
): Promise<ReadonlySet<number>> {
  const { manifest } = ports.repository;
  const near = new Set<number>();
  for (const { entity, views, served } of entitiesOf(service, rows)) {
    const following = views.filter((view) => service.followers.has(viewId(view)));
    const names = new Set(following.map(({ source }) => source));
    const streams = service.streams.filter(({ name }) => names.has(name));
    if (streams.length === 0) continue;
    const asked = { entity, views: following, served, id, streams, longestDelayMillis };
    for (const at of await answersNearArrivals({ ...ports, manifest }, asked)) near.add(at);
  }
  return near;
}

/** The joins of a service are made per entity, over the same rows: each takes its own keys of them. */
function entitiesOf({ plan, reads }: LoggedService, served: readonly LoggedRow[]) {
  return plan.entities.map((entity) => ({
    entity,
    views: reads.filter((read) => read.entity === entity).map(({ view }) => view),
    served,
  }));
}
