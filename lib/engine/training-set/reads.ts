import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { FeaturePlan } from '#engine/feature-plan.ts';
import { readPublished } from '#engine/materialize/published.ts';
import { sourceFolder } from '#engine/source-folder.ts';
import { utcDate } from '#semantics/time.ts';
import { canonicalJson, hashOf } from '#spec/canonical-json.ts';
import { findRowSource } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { BatchView, Manifest, RowSource } from '#spec/manifest.ts';
import type { ObjectInfo, Objects } from '#store/objects.ts';
import type { TrainingSetPorts } from './ports.ts';
import type { TrainingSetRequest } from './request.ts';
import type { ReadFolder } from './work-files.ts';

type ReadPorts = Pick<TrainingSetPorts, 'objects' | 'openBucket'>;

/** What the joins of a training set are about. */
export interface ReadsOf {
  readonly manifest: Manifest;
  readonly plan: FeaturePlan;
  readonly request: TrainingSetRequest;
  /** The latest label, epoch milliseconds. */
  readonly maxEventMillis: number;
}

/**
 * The objects that the joins' statements read, as one entry per folder: source files, feature rows and what is published of them, event
 * logs and histories. Partitions of dates that no label can see are left out, as in the statements: what comes later than the last label
 * changes nothing. Equal entries mean equal objects. Lists each folder once and holds no list in memory.
 */
export async function listReads(ports: ReadPorts, of: ReadsOf): Promise<ReadFolder[]> {
  const folders = new Map<string, ReadFolder>();
  const add = (folder: ReadFolder): void => void folders.set(folder.folder, folder);
  const untilMillis = of.maxEventMillis - of.request.lagMillis;
  for (const { view } of of.plan.reads) {
    if (view.kind === 'batch') {
      for (const folder of await rowsOf(ports, view, utcDate(untilMillis))) add(folder);
      continue;
    }
    for (const wanted of foldersOf(ports, findRowSource(of.manifest, view.source), { ...of, untilMillis }))
      if (!folders.has(wanted.name)) add(await digest(wanted));
  }
  return [...folders.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

interface WantedFolder {
  /** Key of the deployment's bucket, or s3:// URI. */
  readonly name: string;
  readonly objects: Pick<Objects, 'list'>;
  readonly prefix: string;
  /** The last date that counts, in the partition that the column names; absent: all of it counts. */
  readonly last?: { readonly column: string; readonly date: string } | undefined;
}

function foldersOf(
  ports: ReadPorts,
  source: RowSource,
  { request, untilMillis }: Pick<ReadsOf, 'request'> & { readonly untilMillis: number },
): WantedFolder[] {
  const files = source.kind === 'parquet' ? source : source.history;
  const { partitionedBy } = files ?? {};
  // by event time, which no label sees before it has come; a partition of anything else may hold any time
  const isDated = partitionedBy !== undefined && partitionedBy.of === source.eventTime;
  const last = isDated ? { column: partitionedBy.column, date: utcDate(untilMillis) } : undefined;
  const parquet = files ? [{ ...placeOf(ports, files.location), last }] : [];
  if (source.kind === 'parquet') return parquet;
  // the log is partitioned by arrival, which an event that counts by its event time alone may have any time after it
  const within = request.mode === 'asServed' ? 0 : source.deduplicateBy?.withinMillis;
  const arrived = within === undefined ? undefined : { column: 'dt', date: utcDate(untilMillis + within) };
  const logs = [objectKeys.events(source), objectKeys.eventsCompacted(source)];
  return [...parquet, ...logs.map((prefix) => ({ name: prefix, objects: ports.objects, prefix, last: arrived }))];
}

function placeOf(ports: ReadPorts, location: string): WantedFolder {
  const { objects, prefix, isElsewhere } = sourceFolder(ports, location);
  return { name: isElsewhere ? objects.uri(prefix) : prefix, objects, prefix };
}

async function digest({ name, objects, prefix, last }: WantedFolder): Promise<ReadFolder> {
  const dates = last && new RegExp(`/${last.column}=(\\d{4}-\\d{2}-\\d{2})/`);
  const counts = ({ key }: ObjectInfo): boolean => {
    const date = dates?.exec(`/${key}`)?.[1];
    return !(last && date !== undefined && date > last.date) && !isHidden(key);
  };
  return folderDigest(name, objects.list(prefix), counts);
}

/** Athena leaves such files out. */
const isHidden = (key: string): boolean => /(?:^|\/)[_.][^/]*$|\/$/.test(key);

/** Published rows, and which partitions are published since when, of dates up to `lastDate`. */
async function rowsOf({ objects }: ReadPorts, view: BatchView, lastDate: string): Promise<ReadFolder[]> {
  const { partitions } = await readPublished(objects, view);
  const seen = partitions.filter(({ dt }) => dt <= lastDate);
  const names = new Set(seen.map(({ dt, run }) => `${run}/${dt}`));
  const folder = objectKeys.rows(view);
  const isPublished = ({ key }: ObjectInfo): boolean => {
    const [, run, date] = /\/run=(\d+)\/.*\bdt=(\d{4}-\d{2}-\d{2})\//.exec(key) ?? [];
    return names.has(`${run}/${date}`) && !isHidden(key);
  };
  const published = { folder: objectKeys.published(view), objects: 1, sizeBytes: 0, hash: hashOf(seen) };
  return [await folderDigest(folder, objects.list(folder), isPublished), published];
}

async function folderDigest(
  folder: string,
  listed: AsyncIterable<ObjectInfo>,
  counts: (object: ObjectInfo) => boolean,
): Promise<ReadFolder> {
  const hash = sha256.create();
  let [objects, sizeBytes] = [0, 0];
  for await (const object of listed) {
    if (!counts(object)) continue;
    objects++;
    sizeBytes += object.sizeBytes;
    hash.update(utf8ToBytes(canonicalJson([object.key, object.etag])));
  }
  return { folder, objects, sizeBytes, hash: bytesToHex(hash.digest()) };
}
