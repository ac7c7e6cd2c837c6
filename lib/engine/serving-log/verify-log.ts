import { findService, viewId } from '#spec/find.ts';
import type { FeatureService, Manifest } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import { compareLogged, differingRows, type LogComparison } from './compare-logged.ts';
import { loggedRow } from './logged-rows.ts';
import { type LogRange, type LogReading, type LogRow, readServingLog } from './read-log.ts';
import { loggedService, nearArrivals, type Recomputation, type RecomputePorts, recomputed } from './recompute.ts';

/** Rows of a definition that is deployed no more, so that nothing can be recomputed by it. */
export interface SkippedRows {
  /** `name@version`. */
  readonly service: string;
  readonly definitionHash: string;
  readonly rows: number;
}

export interface LogReport extends Omit<LogReading, 'rows'> {
  /** Rows that were compared. */
  readonly compared: number;
  readonly skipped: readonly SkippedRows[];
  /** By `name@version` of the service. */
  readonly services: Readonly<Record<string, LogComparison>>;
}

/**
 * Recomputes every logged value of a range, at the instant of its answer, from the offline store, and compares values and statuses as
 * `verify` does. Rows of definitions that are not deployed any more are skipped, and told of. Throws verify.archiveBehind,
 * verify.badLogRow and engine.queryFailed.
 */
export async function verifyLog(
  ports: RecomputePorts & { readonly objects: Objects },
  range: LogRange & Recomputation,
): Promise<LogReport> {
  const { rows, ...reading } = await readServingLog(ports.objects, range);
  const skipped: SkippedRows[] = [];
  const services: Record<string, LogComparison> = {};
  let compared = 0;
  for (const [position, group] of groupsOf(rows).entries()) {
    const { service: id, definitionHash, rows: own } = group;
    if (deployed(ports.repository.manifest, id)?.definitionHash !== definitionHash) {
      skipped.push({ service: id, definitionHash, rows: own.length });
      continue;
    }
    ports.progress(`${id}: ${own.length} rows`);
    services[id] = await compareGroup(ports, group, { ...range, id: `${range.id}-${position}` });
    compared += own.length;
  }
  return { ...reading, compared, skipped, services };
}

interface Group {
  /** `name@version`. */
  readonly service: string;
  readonly definitionHash: string;
  readonly rows: readonly LogRow[];
}

function groupsOf(rows: readonly LogRow[]): readonly Group[] {
  const groups = new Map<string, Group & { readonly rows: LogRow[] }>();
  for (const row of rows) {
    const { definitionHash } = row;
    const service = viewId({ name: row.service, version: row.version });
    const key = `${service} ${definitionHash}`;
    const group = groups.get(key) ?? { service, definitionHash, rows: [] };
    groups.set(key, group);
    group.rows.push(row);
  }
  return [...groups.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
}

function deployed(manifest: Manifest, id: string): FeatureService | undefined {
  return manifest.services.some((service) => viewId(service) === id) ? findService(manifest, id) : undefined;
}

async function compareGroup(ports: RecomputePorts, group: Group, work: Recomputation): Promise<LogComparison> {
  const service = loggedService(ports.repository, group.service);
  const logged = group.rows.map((row) => loggedRow(service.plan, row));
  const rows = await recomputed(ports, service, { ...work, rows: logged });
  const differing = differingRows(service.plan, rows);
  // Only where something differs does it matter whether events were on their way.
  const near = differing.length > 0 ? await nearArrivals(ports, service, { rows, id: work.id }) : new Set<number>();
  return compareLogged(service, rows, { differing, near });
}
