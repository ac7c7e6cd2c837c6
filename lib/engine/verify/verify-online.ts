import type { WantedColumn } from '#codec/parquet-read.ts';
import { planServing, type ServePlan } from '#engine/serve/plan.ts';
import { unloadedColumns } from '#engine/unloaded-columns.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { findEntity, findRowSource, viewId } from '#spec/find.ts';
import type { Entity, EntityView, StreamSource } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import { entityKeysSql } from '#sql/entity-keys-sql.ts';
import type { Objects } from '#store/objects.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import { type ArchivePorts, awaitArchive } from './await-archive.ts';
import { answersNearArrivals, offlineRows } from './offline-rows.ts';
import { differencesOf, type VerifyReport, type VerifyRow, verify } from './verify.ts';

/** Most entities of one request. */
const batchEntities = 100;

/** What serving answered for some entities, all at one instant (epoch milliseconds). */
export interface ServedBatch {
  readonly asOfMillis: number;
  readonly rows: readonly VerifyRow['served'][];
}

export interface VerifyPorts extends ArchivePorts {
  readonly repository: Repository;
  /** Glue database of the deployment. */
  readonly database: string;
  readonly objects: Objects;
  readonly sql: SqlEngine;
  /** Asks the deployment as an inference service would. */
  readonly serve: (
    plan: ServePlan,
    refs: readonly string[],
    entities: readonly VerifyRow['entity'][],
  ) => Promise<ServedBatch>;
}

export interface VerifyRequest {
  readonly entity: string;
  /** Views of that entity that are kept online. */
  readonly views: readonly EntityView[];
  /** At most this many entities, chosen by hash of their keys: the same ones each time. */
  readonly limit: number;
  /** Of this verification alone: it names the folders of what is staged and unloaded. */
  readonly id: string;
  /** Longest wait for the event logs of streams to come to the instants of the answers. */
  readonly maximumWaitMillis: number;
}

/** One verification: its plan, and the streams that its views follow. */
interface Verification extends VerifyRequest {
  readonly of: Entity;
  readonly plan: ServePlan;
  readonly refs: readonly string[];
  readonly streams: readonly StreamSource[];
}

/**
 * Compares every value that is served of an entity's views with what is visible offline at the very instant of the answer. The offline
 * side is the training-set join, over the served entities as labels; of streams it is asked once their logs have come to those instants.
 * Entities whose answers differ though events of theirs arrived about then are asked for a second time, to tell what was late from what is
 * wrong.
 * Throws verify.archiveBehind.
 */
export async function verifyOnline(ports: VerifyPorts, request: VerifyRequest): Promise<VerifyReport> {
  const { manifest } = ports.repository;
  const refs = request.views.flatMap((view) => view.features.map(({ name }) => `${viewId(view)}:${name}`));
  const sources = request.views.map((view) => findRowSource(manifest, view.source));
  const verification: Verification = {
    ...request,
    of: findEntity(manifest, request.entity),
    plan: planServing(ports.repository, { features: refs }),
    refs,
    streams: [...new Set(sources)].filter((source) => source.kind === 'stream'),
  };
  const { plan, streams } = verification;
  const rows = await answeredRows(ports, verification, await entitiesOf(ports, verification));
  if (streams.length === 0) return verify(plan, rows);
  const followers = request.views.filter((_, at) => sources[at]?.kind === 'stream');
  return verify(plan, await withSecondAnswers(ports, verification, rows), new Set(followers.map(viewId)));
}

/** Asks again for the entities whose answers differ and of which events arrived about the instant of the answer. */
async function withSecondAnswers(
  ports: VerifyPorts,
  verification: Verification,
  rows: readonly VerifyRow[],
): Promise<readonly VerifyRow[]> {
  const { plan, of: entity, views, streams, id } = verification;
  const differing = rows.flatMap((row, index) => (differencesOf(plan, row).size > 0 ? [index] : []));
  if (differing.length === 0) return rows;
  const offline = { ...ports, manifest: ports.repository.manifest };
  const near = await answersNearArrivals(offline, { entity, views, served: rows, id, streams });
  const asked = differing.filter((index) => near.has(index));
  const again = await answeredRows(
    ports,
    { ...verification, id: `${id}-again` },
    asked.map((index) => rows[index]?.entity ?? {}),
  );
  const second = new Map(asked.map((index, at) => [index, again[at]]));
  return rows.map((row, index) => {
    const answer = second.get(index);
    return answer ? { ...row, again: answer } : row;
  });
}

async function entitiesOf(ports: VerifyPorts, verification: Verification): Promise<VerifyRow['entity'][]> {
  const { of: entity, views, limit, id } = verification;
  const { manifest } = ports.repository;
  const on = views.map((view) => ({
    database: ports.database,
    view,
    source: findRowSource(manifest, view.source),
    entity,
  }));
  const wanted = entity.keys.map(({ name, type }): WantedColumn => ({ name, as: type }));
  const columns = await unloadedColumns(ports, {
    select: entityKeysSql(entity, on),
    wanted,
    folder: `verify/${id}/${entity.name}-keys`,
  });
  const count = columns[0]?.length ?? 0;
  const all = Array.from({ length: count }, (_, row) =>
    Object.fromEntries(entity.keys.map(({ name }, at) => [name, columns[at]?.[row] ?? null])),
  );
  const ranked = all
    .map((keys) => ({ keys, rank: hashOf(Object.values(keys).map(String)) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, limit).map(({ keys }) => keys);
}

/** Asks for the entities, then says of each what the offline store says of it at the instant of its answer. */
async function answeredRows(
  ports: VerifyPorts,
  verification: Verification,
  entities: readonly VerifyRow['entity'][],
): Promise<VerifyRow[]> {
  if (entities.length === 0) return [];
  const { of: entity, plan, refs, streams, views, id, maximumWaitMillis } = verification;
  const served: Omit<VerifyRow, 'offline' | 'request'>[] = [];
  for (let start = 0; start < entities.length; start += batchEntities) {
    const batch = entities.slice(start, start + batchEntities);
    const { asOfMillis, rows } = await ports.serve(plan, refs, batch);
    batch.forEach((keys, at) => {
      served.push({ entity: keys, asOfMillis, served: rows[at] ?? { values: [], status: [] } });
    });
  }
  const arrivalMillis = served.reduce((greatest, { asOfMillis }) => Math.max(greatest, asOfMillis), 0);
  await awaitArchive(ports, { sources: streams, arrivalMillis, maximumMillis: maximumWaitMillis });
  const { manifest } = ports.repository;
  const offline = await offlineRows({ ...ports, manifest }, { entity, views, served, id });
  return served.map((row, at) => ({ ...row, offline: offline[at] ?? {}, request: {} }));
}
