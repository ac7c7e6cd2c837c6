import type { FeaturePlan } from '#engine/feature-plan.ts';
import { athenaCostEstimate } from '#engine/materialize/run-cost.ts';
import { formatInstant } from '#semantics/time.ts';
import { viewId } from '#spec/find.ts';
import type { EntityView, Manifest } from '#spec/manifest.ts';
import type { DateRange } from '#sql/date-range.ts';
import { statementViews } from '#sql/statement-views.ts';
import { spineScansOf, type TableScan, trainingSetScans, type ViewScans } from '#sql/training-set-scans.ts';
import type { TrainingSetSqlOptions } from '#sql/training-set-sql.ts';
import { type DatasetSplit, splitsOf } from './dataset-splits.ts';
import { plannedJoins, viewSelections } from './join-plan.ts';
import type { TrainingSetMode, TrainingSetRequest } from './request.ts';
import type { StoredTable } from './scanned-tables.ts';
import type { SpineSurvey, SurveyedPart } from './survey-spine.ts';
import { idPlaceholder } from './text.ts';
import { visibilityText } from './visibility-text.ts';

/** A table that the statements of a training set read for a view, over all statements. */
export interface ExplainedTable {
  readonly table: string;
  readonly of: TableScan['of'];
  readonly columns: readonly string[];
  /** Column of dates and the dates that are read; absent: nothing is pruned. */
  readonly partition?: { readonly column: string; readonly dates: DateRange };
  /** Of the dates that are read. */
  readonly files: number;
  readonly storedBytes: number;
  /** Share of the bytes of a file that the columns take; absent: unknown, and counted as all of it. */
  readonly columnShare?: number;
  /** How often each statement scans it. */
  readonly scans: number;
  readonly bytesToScan: number;
}

export interface ExplainedView {
  readonly view: string;
  readonly kind: EntityView['kind'];
  readonly entity: string;
  readonly features: readonly string[];
  /** How many of the features have a default that is not null. */
  readonly defaults: number;
  /** Absent: rows never expire. */
  readonly ttlMillis?: number;
  /** From when a row counts, in words. */
  readonly visibility: string;
  /** Sorts of a statement; stored views of one entity share theirs (`sharesPassWith`). */
  readonly sortedPasses: number;
  readonly sharesPassWith: readonly string[];
  readonly tables: readonly ExplainedTable[];
}

/** What a training set will do and cost, before anything runs. */
export interface TrainingSetExplanation {
  readonly rows: number;
  /** More than `rows` where only a sample of the spine is asked for. */
  readonly spineRows: number;
  /** In order; none where the dataset is not split. */
  readonly splits: readonly DatasetSplit[];
  /** ISO 8601, both inclusive. */
  readonly labels: { readonly from: string; readonly to: string };
  /** The one instant of all rows, ISO 8601, where they have no times of their own. */
  readonly asOf?: string;
  readonly mode: TrainingSetMode;
  readonly lagMillis: number;
  /** Entities of which no label has a key: their features would all be missing. */
  readonly entitiesWithoutKeys: readonly string[];
  readonly views: readonly ExplainedView[];
  /** Computed from the joined rows, in TypeScript. */
  readonly onDemand: readonly string[];
  readonly statements: number;
  /** Of the staged spine, which is written first: uncompressed. */
  readonly spineBytes: number;
  readonly bytesToScan: number;
  /** US dollars of Athena. */
  readonly costEstimate: number;
}

export interface TrainingSetToExplain {
  readonly manifest: Manifest;
  readonly request: Pick<TrainingSetRequest, 'mode' | 'lagMillis' | 'asOf'>;
  readonly plan: FeaturePlan;
  readonly survey: SpineSurvey;
  /** By name in Glue; a table that is not there is taken for empty. */
  readonly stored: ReadonlyMap<string, StoredTable>;
}

interface Statement {
  readonly rows: number;
  readonly spineScans: number;
  readonly views: readonly ViewScans[];
}

/** The plan of a training set from what is known before it runs. */
export function explainTrainingSet(of: TrainingSetToExplain): TrainingSetExplanation {
  const { plan, survey, request, stored } = of;
  const statements = statementsOf(of);
  const overall = trainingSetScans(sqlOptions(of, plan.reads, survey.parts));
  const keys = plan.entities.flatMap((entity) => entity.keys).length;
  const bytesByStatement = statements.map(({ rows, spineScans, views }) => {
    const tables = views.flatMap((view) => view.tables.map((scan) => read(scan, stored).bytesToScan));
    return tables.reduce((sum, bytes) => sum + bytes, 0) + spineBytes(rows, keys) * spineScans;
  });
  const bounds = rangeOf(survey.parts);
  return {
    rows: survey.rows,
    spineRows: survey.spineRows,
    splits: splitsOf(survey.parts),
    labels: { from: formatInstant(bounds.min), to: formatInstant(bounds.max) },
    ...(request.asOf === undefined ? {} : { asOf: formatInstant(bounds.min) }),
    mode: request.mode,
    lagMillis: request.lagMillis,
    entitiesWithoutKeys: Object.entries(survey.keyedRows).flatMap(([entity, rows]) => (rows === 0 ? [entity] : [])),
    views: overall.map((own) =>
      explainedView(
        of,
        own,
        statements.flatMap(({ views }) => views.filter(({ view }) => view === own.view)),
      ),
    ),
    onDemand: plan.transforms.map(viewId),
    statements: statements.length,
    spineBytes: spineBytes(survey.rows, keys),
    bytesToScan: bytesByStatement.reduce((sum, bytes) => sum + bytes, 0),
    costEstimate: athenaCostEstimate(bytesByStatement),
  };
}

/** The tables that an explanation needs to know of, each once. */
export function tablesToList(
  of: Omit<TrainingSetToExplain, 'stored'>,
): readonly { view: EntityView; scan: TableScan }[] {
  const scans = trainingSetScans(sqlOptions(of, of.plan.reads, of.survey.parts));
  const tables = scans.flatMap(({ view, tables }) => tables.map((scan) => ({ view, scan })));
  return [...new Map(tables.map((one) => [one.scan.table, one])).values()];
}

const rangeOf = (parts: readonly SurveyedPart[]): { readonly min: number; readonly max: number } => ({
  min: parts.reduce((least, part) => Math.min(least, part.minEventMillis), Number.POSITIVE_INFINITY),
  max: parts.reduce((greatest, part) => Math.max(greatest, part.maxEventMillis), Number.NEGATIVE_INFINITY),
});

const sqlOptions = (
  { manifest, request }: Pick<TrainingSetToExplain, 'manifest' | 'request'>,
  reads: FeaturePlan['reads'],
  parts: readonly SurveyedPart[],
): TrainingSetSqlOptions => ({
  database: 'tidemark',
  manifest,
  views: viewSelections(reads),
  mode: request.mode,
  lagMillis: request.lagMillis,
  dataset: idPlaceholder,
  parts: { first: 0, last: 0 },
  eventTimeRangeMillis: rangeOf(parts),
});

/** As joinFeatures cuts them: each prunes by the times of its own parts. */
function statementsOf(of: TrainingSetToExplain): readonly Statement[] {
  return plannedJoins(of.plan, of.survey.parts).map(({ reads, parts }) => {
    const options = sqlOptions(of, reads, parts);
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    return { rows, spineScans: spineScansOf(options), views: trainingSetScans(options) };
  });
}

/** Row number and event time, and about 16 bytes for each key. */
const spineBytes = (rows: number, keys: number): number => rows * (16 + 16 * keys);

const isRead = (date: string, { first = '', last = '9999-12-31' }: DateRange = {}): boolean =>
  date === '' || (date >= first && date <= last);

function read(
  { table, partition, columns, scans }: TableScan,
  stored: TrainingSetToExplain['stored'],
): {
  readonly files: number;
  readonly storedBytes: number;
  readonly share: number | undefined;
  readonly bytesToScan: number;
} {
  const { byDate, columnBytes } = stored.get(table) ?? { byDate: new Map(), columnBytes: new Map<string, number>() };
  let [files, storedBytes] = [0, 0];
  for (const [date, found] of byDate)
    if (isRead(date, partition?.dates)) [files, storedBytes] = [files + found.files, storedBytes + found.bytes];
  const all = [...columnBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const wanted = columns.reduce((sum, column) => sum + (columnBytes.get(column) ?? 0), 0);
  const share = all === 0 ? undefined : wanted / all;
  return { files, storedBytes, share, bytesToScan: Math.round(storedBytes * (share ?? 1) * scans) };
}

function explainedView(
  { manifest, request, plan, stored }: TrainingSetToExplain,
  { view, tables, sortedPasses }: ViewScans,
  statements: readonly ViewScans[],
): ExplainedView {
  const { features = [] } = plan.reads.find((one) => one.view === view) ?? {};
  const together = statementViews(plan.reads).find((reads) => reads.some((read) => read.view === view)) ?? [];
  const isShared = (other: EntityView): boolean =>
    other !== view && other.entity === view.entity && other.kind !== 'stream' && view.kind !== 'stream';
  return {
    view: viewId(view),
    kind: view.kind,
    entity: view.entity,
    features: features.map(({ name }) => name),
    defaults: features.filter((feature) => (feature.default ?? null) !== null).length,
    ...(view.kind === 'stream' || view.ttlMillis === undefined ? {} : { ttlMillis: view.ttlMillis }),
    visibility: visibilityText(manifest, view, request.mode),
    sortedPasses,
    sharesPassWith: together.filter((one) => isShared(one.view)).map((one) => viewId(one.view)),
    tables: tables.map((scan, position) => {
      const { files, storedBytes, share } = read(scan, stored);
      const scanned = statements.flatMap((own) => own.tables[position] ?? []);
      return {
        table: scan.table,
        of: scan.of,
        columns: scan.columns,
        ...(scan.partition === undefined ? {} : { partition: scan.partition }),
        files,
        storedBytes,
        ...(share === undefined ? {} : { columnShare: share }),
        scans: scan.scans,
        bytesToScan: scanned.reduce((sum, one) => sum + read(one, stored).bytesToScan, 0),
      };
    }),
  };
}
