import { dayMillis, parseInstant } from '#semantics/time.ts';
import { objectKeys, tableNames } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Checkpoints } from '#store/checkpoints.ts';
import type { Clock } from '#store/clock.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import type { EventStream } from '#store/event-stream.ts';
import type { ObjectInfo, Objects } from '#store/objects.ts';
import type { Partitions } from '#store/partitions.ts';
import { readJson } from '../stored-json.ts';
import { dayFolder } from './archive-file.ts';
import { archivedThrough } from './archive-progress.ts';
import { readInput, writePart } from './compact-part.ts';
import {
  type CompactionInput,
  type DayPlan,
  dayPlanKey,
  dayPlanSchema,
  generationFolder,
  partsOf,
} from './compaction-plan.ts';

export interface CompactionPorts {
  readonly objects: Objects;
  readonly checkpoints: Checkpoints;
  readonly partitions: Partitions;
  readonly openStream: (source: Pick<StreamSource, 'name'>) => EventStream;
  readonly clock: Clock;
}

/** A day is left alone for so long after its end: Kinesis does not promise that arrivals of a shard are in order. */
export const settleMillis = 3_600_000;
/** Files that no partition names any more are kept for so long: a query that was planned before the move still reads them. */
export const graceMillis = 6 * 3_600_000;
const footersAtOnce = 16;

export interface CompactedDays {
  /** Days whose partition this call has moved. */
  readonly days: number;
  /** Files whose rows it has joined. */
  readonly files: number;
  /** Files of days that had been moved before, deleted now. */
  readonly deleted: number;
}

/**
 * Joins the small files of the days of a source's event log that are over: days that every shard's checkpoint has passed, or in whose shards
 * nothing so old remains. The plan of a day is written once and says which files make up which part, so whoever does it, twice, at once or
 * after somebody died, writes the same parts. Moving the day's partition to their folder is one call, so a reader sees each row once,
 * before or after. A file that appears later (arrivals out of order) is joined by a next generation of parts. What no partition names any
 * more is deleted by a later call, `graceMillis` after the move. Starts no further day at or after `stopMillis`.
 */
export async function compactEvents(
  ports: CompactionPorts,
  source: StreamSource,
  stopMillis = Number.POSITIVE_INFINITY,
): Promise<CompactedDays> {
  const done = { days: 0, files: 0, deleted: 0 };
  for (const [dt, files] of await archivedDays(ports.objects, source)) {
    if (ports.clock() >= stopMillis) break;
    const day: Day = { source, dt, files };
    let standing = await readPlan(ports.objects, day);
    const isNew = standing === undefined || uncovered(standing.plan, files).length > 0;
    if (isNew && standing?.plan.movedAtMillis !== null) {
      if (!(await isOver(ports, day))) continue;
      standing = await planDay(ports, day, standing);
    }
    if (!standing) continue; // another one has planned it just now, and does it
    if (standing.plan.movedAtMillis !== null) {
      done.deleted += await deleteOld(ports, day, standing.plan);
      continue;
    }
    await publishDay(ports, day, standing);
    done.days += 1;
    done.files += standing.plan.parts.reduce((sum, { inputs }) => sum + inputs.length, 0);
  }
  return done;
}

interface Day {
  readonly source: StreamSource;
  /** UTC date of the arrivals. */
  readonly dt: string;
  /** Its archived files, as they were listed at first. */
  readonly files: readonly ObjectInfo[];
}

interface StandingPlan {
  readonly plan: DayPlan;
  readonly etag: string;
}

/** Days of which archived files stand, oldest first. */
async function archivedDays(objects: Objects, source: StreamSource): Promise<ReadonlyMap<string, ObjectInfo[]>> {
  const folder = objectKeys.events(source);
  const days = new Map<string, ObjectInfo[]>();
  for await (const file of objects.list(folder)) {
    const dt = /^dt=(\d{4}-\d{2}-\d{2})\/.+\.parquet$/.exec(file.key.slice(folder.length))?.[1];
    if (dt === undefined) continue;
    const files = days.get(dt);
    if (files) files.push(file);
    else days.set(dt, [file]);
  }
  return days;
}

async function readPlan(objects: Objects, { source, dt }: Day): Promise<StandingPlan | undefined> {
  const found = await readJson(objects, dayPlanKey(source, dt), dayPlanSchema);
  return found && { plan: found.value, etag: found.etag };
}

function uncovered({ covered }: DayPlan, files: readonly ObjectInfo[]): ObjectInfo[] {
  const keys = new Set(covered);
  return files.filter(({ key }) => !keys.has(key));
}

async function isOver(ports: CompactionPorts, { source, dt }: Day): Promise<boolean> {
  const settledMillis = parseInstant(`${dt}T00:00:00Z`) + dayMillis + settleMillis;
  if (ports.clock() <= settledMillis) return false;
  const { checkpoints } = ports;
  return archivedThrough({ checkpoints, stream: ports.openStream(source) }, source, settledMillis);
}

/**
 * Writes the next plan of a day that is over down; undefined where somebody else has written one meanwhile. Its files are listed again: the
 * archive may have put its last ones since the first look.
 */
async function planDay(
  { objects }: CompactionPorts,
  day: Day,
  standing: StandingPlan | undefined,
): Promise<StandingPlan | undefined> {
  const files = await filesUnder(objects, dayFolder(day.source, day.dt));
  const added = standing ? uncovered(standing.plan, files) : files;
  const earlier = standing ? await filesUnder(objects, standing.plan.folder) : [];
  const inputs: CompactionInput[] = [];
  await forEachConcurrent([...earlier, ...added], footersAtOnce, async (file) => {
    inputs.push(await readInput(objects, file));
  });
  const generation = (standing?.plan.generation ?? 0) + 1;
  const folder = generationFolder(day.source, day.dt, generation);
  const covered = [...(standing?.plan.covered ?? []), ...added.map(({ key }) => key)];
  const plan: DayPlan = { generation, folder, parts: partsOf(folder, inputs), covered, movedAtMillis: null };
  const condition = standing ? { ifMatch: standing.etag } : ({ ifAbsent: true } as const);
  const etag = await objects.put(dayPlanKey(day.source, day.dt), JSON.stringify(plan), condition);
  return etag === undefined ? undefined : { plan, etag };
}

async function filesUnder(objects: Objects, folder: string): Promise<ObjectInfo[]> {
  const files: ObjectInfo[] = [];
  for await (const file of objects.list(folder)) if (file.key.endsWith('.parquet')) files.push(file);
  return files;
}

/** Writes what is missing of the parts and moves the partition. */
async function publishDay(ports: CompactionPorts, day: Day, { plan, etag }: StandingPlan): Promise<void> {
  const { source, dt } = day;
  for (const part of plan.parts) await writePart(ports.objects, part);
  const partition = { values: [dt], location: ports.objects.uri(plan.folder) };
  await ports.partitions.register(tableNames.events(source), [partition]);
  const moved: DayPlan = { ...plan, movedAtMillis: ports.clock() };
  if ((await ports.objects.put(dayPlanKey(source, dt), JSON.stringify(moved), { ifMatch: etag })) !== undefined) return;
  // Another one has moved the partition to the same folder, or on to that of a later generation: there it must stay.
  const standing = await readPlan(ports.objects, day);
  if (standing && standing.plan.generation > plan.generation) await publishDay(ports, day, standing);
}

/** Deletes earlier generations of parts, then the archived files, once nobody reads them any more. Returns how many. */
async function deleteOld({ objects, clock }: CompactionPorts, { source, dt }: Day, plan: DayPlan): Promise<number> {
  if (plan.movedAtMillis === null || clock() < plan.movedAtMillis + graceMillis) return 0;
  const old: string[] = [];
  // Not whatever else lies there: another one may be writing the next generation.
  for (let earlier = 1; earlier < plan.generation; earlier++)
    for (const { key } of await filesUnder(objects, generationFolder(source, dt, earlier))) old.push(key);
  await objects.delete(old);
  const covered = new Set(plan.covered);
  const archived: string[] = [];
  for await (const { key } of objects.list(dayFolder(source, dt))) if (covered.has(key)) archived.push(key);
  await objects.delete(archived);
  return old.length + archived.length;
}
