import { writeParquet } from '#codec/parquet-write.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { unloadedColumns } from '#engine/unloaded-columns.ts';
import type { VisibilityMode } from '#semantics/visibility.ts';
import { findRowSource, viewId } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Manifest, StoredView, StreamView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { labelRowsSeenSql, ownEventsSql, type StagedLabels, seenColumns } from '#sql/label-rows-seen-sql.ts';
import type { Objects } from '#store/objects.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import type { OpenedDataset } from './dataset-rows.ts';
import { createdAfter, judgeRows, labelExample, type SeenRow, type SeenRows } from './judge-rows.ts';
import type { Leak } from './leak.ts';
import { type LabelSample, sampleLabels } from './sample-labels.ts';
import { type ViewRead, viewsRead } from './views-read.ts';

/** Statements that wait in Athena at the same time; an account's limit is about 20. */
const viewsAtOnce = 4;

export interface LeakagePorts {
  readonly manifest: Manifest;
  /** Glue database of the deployment. */
  readonly database: string;
  readonly objects: Objects;
  readonly sql: SqlEngine;
}

export interface RowsReport {
  /** Labels that were looked at. */
  readonly rows: number;
  readonly leaks: readonly Leak[];
  /** Sentences on what could not be looked at. */
  readonly notes: readonly string[];
}

/**
 * Asks the offline store which rows the labels of a dataset see, and when those came about. At most `sampleRows` labels, evenly spread, are
 * asked; their values are held in memory. `id` names what is staged and unloaded: of this question alone. Throws engine.queryFailed.
 */
export async function findRows(
  ports: LeakagePorts,
  dataset: OpenedDataset,
  { sampleRows, id }: { readonly sampleRows: number; readonly id: string },
): Promise<RowsReport> {
  const { views, notes } = viewsRead(ports.manifest, dataset.manifest);
  if (views.length === 0) return { rows: 0, leaks: [], notes };
  const entities = [...new Set(views.map(({ entity }) => entity))];
  const sample = await sampleLabels(dataset, entities, sampleRows);
  const labels = await stage(ports, { sample, id, lagMillis: dataset.manifest.lagMillis });
  const leaks: Leak[] = [];
  for (let first = 0; first < views.length; first += viewsAtOnce) {
    const asked = views.slice(first, first + viewsAtOnce).map((read, at) => {
      const folder = `leakage/${id}/${first + at}`;
      return viewLeaks({ ports, labels, sample, dataset: dataset.manifest, folder }, read);
    });
    leaks.push(...(await Promise.all(asked)).flat());
  }
  const statics = views
    .filter(({ view }) => findRowSource(ports.manifest, view.source).eventTime === undefined)
    .map(({ view }) => viewId(view));
  return {
    rows: sample.rows.length,
    leaks,
    notes: [
      ...notes,
      ...statics.map((name) => `${name} is static: its rows have no time, so they may be of after the label`),
    ],
  };
}

interface Question {
  readonly ports: LeakagePorts;
  readonly labels: StagedLabels;
  readonly sample: LabelSample;
  readonly dataset: DatasetManifest;
  /** Of this view. */
  readonly folder: string;
}

/** Puts the labels where statements read them: a spine of one part, which the bucket's rule removes with those of training sets. */
async function stage(
  { manifest, database, objects }: LeakagePorts,
  { sample, id, lagMillis }: { readonly sample: LabelSample; readonly id: string; readonly lagMillis: number },
): Promise<StagedLabels> {
  const dataset = `leakage-${id}`;
  const columns = [
    { name: 'row_id', type: 'int64' as const, values: sample.rows.map((_, at) => BigInt(at)) },
    { name: 'event_time_ms', type: 'int64' as const, values: sample.eventMillis.map(BigInt) },
    ...sample.keys.map(({ target, type, values }) => ({ name: target, type, values })),
  ];
  await objects.put(`${objectKeys.spineParts(dataset)}part=0/spine.parquet`, writeParquet(columns));
  const eventTimeRangeMillis = sample.eventMillis.reduce(
    ({ min, max }, millis) => ({ min: Math.min(min, millis), max: Math.max(max, millis) }),
    { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  );
  return { manifest, database, dataset, lagMillis, eventTimeRangeMillis };
}

const viewLeaks = (question: Question, { view, ...read }: ViewRead): Promise<Leak[]> =>
  view.kind === 'stream' ? streamLeaks(question, { ...read, view }) : storedLeaks(question, { ...read, view });

async function storedLeaks(question: Question, read: ViewRead & { readonly view: StoredView }): Promise<Leak[]> {
  const { sample, dataset } = question;
  const { mode, lagMillis } = dataset;
  const seen = await seenRows(question, read, mode);
  const served = mode === 'eventTime' ? await seenRows(question, read, 'asServed') : undefined;
  const isLate =
    mode !== 'knowledgeTime' && read.view.kind === 'table' && createdAfter({ sample, lagMillis, seen }).length > 0;
  const known = isLate ? await seenRows(question, read, 'knowledgeTime') : undefined;
  const atTick = [...seen].some(([at, row]) => row.eventMillis === sample.eventMillis[at]);
  const ownEvents = read.view.kind === 'batch' && atTick ? await ownEventLabels(question, read) : new Set<number>();
  return judgeRows({ read, sample, lagMillis, seen, served, known, ownEvents });
}

async function streamLeaks(question: Question, read: ViewRead & { readonly view: StreamView }): Promise<Leak[]> {
  const { sample } = question;
  const own = [...(await ownEventLabels(question, read))].sort((a, b) => a - b);
  if (own.length === 0) return [];
  const examples = own.slice(0, 5).map((at) => ({
    ...labelExample(sample, read.entity.name, at),
    eventMillis: sample.eventMillis[at] ?? 0,
  }));
  return [{ kind: 'ownEvent', features: read.names, rows: own.length, ofRows: sample.rows.length, examples }];
}

async function ownEventLabels({ ports, labels, dataset, folder }: Question, { view }: ViewRead): Promise<Set<number>> {
  if (dataset.lagMillis > 0) return new Set(); // what happens at the label is later than what it sees
  const [rows = []] = await unloadedColumns(ports, {
    select: ownEventsSql({ ...labels, view, mode: dataset.mode }),
    wanted: [{ name: seenColumns.row, as: 'int64' }],
    folder: `${folder}-events`,
  });
  return new Set(rows.map(Number));
}

async function seenRows(
  { ports, labels, folder }: Question,
  { view, own }: ViewRead & { readonly view: StoredView },
  mode: VisibilityMode,
): Promise<SeenRows> {
  const features = own.map(({ feature }) => feature);
  const names = features.map(({ name }) => name);
  const [rows = [], events = [], created = [], runs = [], deleted = [], ...values] = await unloadedColumns(ports, {
    select: labelRowsSeenSql({ ...labels, view, features: names, mode }),
    wanted: [
      { name: seenColumns.row, as: 'int64' },
      { name: seenColumns.eventMillis, as: 'int64' },
      { name: seenColumns.createdMillis, as: 'int64' },
      { name: seenColumns.run, as: 'int64' },
      { name: seenColumns.deleted, as: 'bool' },
      ...features.map(({ name, type }) => ({ name: seenColumns.feature(name), as: type })),
    ],
    folder: `${folder}-${mode.toLowerCase()}`,
  });
  const millis = (value: Value | undefined): number | null =>
    value === null || value === undefined ? null : Number(value);
  const found = rows.map((row, at): [number, SeenRow] => [
    Number(row),
    {
      eventMillis: millis(events[at]),
      createdMillis: Number(created[at]),
      run: Number(runs[at]),
      deleted: deleted[at] === true,
      values: values.map((column) => column[at] ?? null),
    },
  ]);
  return new Map(found.sort(([a], [b]) => a - b));
}
