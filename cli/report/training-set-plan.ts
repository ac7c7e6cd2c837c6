import { usd } from '#engine/materialize/cost-forecast.ts';
import type {
  ExplainedTable,
  ExplainedView,
  TrainingSetExplanation,
} from '#engine/training-set/explain-training-set.ts';
import { unmatchedViews } from '#engine/training-set/refuse-unmatched.ts';
import { durationText } from '#spec/duration-text.ts';
import { splitLines } from './dataset-splits.ts';
import { byteSize, grouped } from './table.ts';

/** The plan of a training set for people. */
export function trainingSetPlanText(plan: TrainingSetExplanation): string {
  const lag = plan.lagMillis === 0 ? '' : `, ${durationText(plan.lagMillis)} before each`;
  return [
    plan.asOf === undefined
      ? `${grouped(plan.rows)} labels from ${plan.labels.from} to ${plan.labels.to}${lag}; ${modeTexts[plan.mode]}`
      : `${grouped(plan.rows)} rows, all as of ${plan.asOf}; ${modeTexts[plan.mode]}`,
    ...(plan.rows < plan.spineRows ? [`  a sample of the spine's ${grouped(plan.spineRows)} rows`] : []),
    ...splitLines(plan),
    ...unmatchedViews(plan).map((sentence) => `warning: ${sentence}`),
    ...plan.views.flatMap(viewLines),
    ...(plan.onDemand.length > 0 ? [`computed after the join: ${plan.onDemand.join(', ')}`] : []),
    `${counted(plan.statements, 'statement')}, about ${byteSize(plan.bytesToScan)} to scan (the staged spine among it: ${byteSize(plan.spineBytes)}), about ${usd(plan.costEstimate)}`,
  ].join('\n');
}

/** Which rows count, in words. */
export const modeTexts = {
  asServed: 'as served',
  eventTime: 'by event time alone',
  knowledgeTime: 'by knowledge time',
} as const satisfies Record<TrainingSetExplanation['mode'], string>;

const counted = (count: number, what: string): string => `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;

function viewLines(view: ExplainedView): string[] {
  const kind = view.kind === 'stream' ? 'windows' : 'latest row';
  const ttl = view.ttlMillis === undefined ? 'no ttl' : `ttl ${durationText(view.ttlMillis)}`;
  const shared = view.sharesPassWith.length === 0 ? '' : `, the last shared with ${view.sharesPassWith.join(', ')}`;
  return [
    `${view.view} (${kind} by ${view.entity}): ${view.features.join(', ')}`,
    `  ${view.visibility}; ${view.kind === 'stream' ? '' : `${ttl}; `}${counted(view.defaults, 'default')}; ${view.sortedPasses} sorted ${view.sortedPasses === 1 ? 'pass' : 'passes'}${shared}`,
    ...view.tables.map((table) => `  ${tableText(table)}`),
  ];
}

function tableText(table: ExplainedTable): string {
  const share =
    table.columnShare === undefined ? 'share of the columns unknown' : `${Math.round(table.columnShare * 100)}% of it`;
  const scans = table.scans === 1 ? '' : `, ${table.scans} times`;
  return `${table.table}: ${table.columns.join(', ')}; ${datesText(table)}; ${counted(table.files, 'file')} of ${byteSize(table.storedBytes)}, ${share}${scans}: ${byteSize(table.bytesToScan)}`;
}

function datesText({ partition }: ExplainedTable): string {
  if (!partition) return 'not partitioned';
  const { first, last } = partition.dates;
  if (first === undefined && last === undefined) return `every ${partition.column}`;
  if (first !== undefined && last !== undefined && first > last) return `no ${partition.column}`;
  return `${partition.column}${first === undefined ? '' : ` from ${first}`}${last === undefined ? '' : ` to ${last}`}`;
}
