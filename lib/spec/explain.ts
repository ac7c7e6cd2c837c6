import { aggregationsOf } from './aggregation.ts';
import { durationText } from './duration-text.ts';
import { formulaText } from './explain-formula.ts';
import { heading, subject } from './explain-parts.ts';
import { acceptanceLines, streamLines } from './explain-stream.ts';
import { findParquetSource, findRowSource, viewId } from './find.ts';
import type {
  BatchView,
  Feature,
  Manifest,
  OnDemandView,
  ParquetSource,
  RowSource,
  StoredView,
  StreamSource,
  TableView,
  View,
} from './manifest.ts';

/**
 * What a view computes, for people: strategy, schedule, visibility, and one line per feature with its window (t - w, t], default
 * and formula. Lines end with a newline, except the last.
 */
export function explainView(manifest: Manifest, view: View): string {
  const lines =
    view.kind === 'onDemand'
      ? onDemandLines(view)
      : view.kind === 'batch'
        ? batchLines(manifest, view)
        : view.kind === 'stream'
          ? streamLines(manifest, view)
          : tableLines(manifest, view);
  const about = [view.description, ownerText(view)].filter((text) => text !== '');
  const [title = '', ...rest] = lines;
  return [title, ...about.map((text) => `  ${text}`), ...rest.map((line) => `  ${line}`)].join('\n');
}

const ownerText = ({ owner }: View): string => (owner === undefined ? '' : `owner: ${owner}`);

function batchLines(manifest: Manifest, view: BatchView): readonly string[] {
  const source = findParquetSource(manifest, view.source);
  const longestMillis = Math.max(
    ...view.features.flatMap(({ formula }) => aggregationsOf(formula).map(({ windowMillis }) => windowMillis)),
  );
  const recompute =
    view.recomputeTicks > 0 ? [`Every run computes the last ${view.recomputeTicks} ticks again, for late events.`] : [];
  return [
    `${viewId(view)}: batch view ${subject(manifest, view)}`,
    `Aggregates events at every tick t, the multiples of ${durationText(view.scheduleMillis)} from 1970-01-01 in UTC.`,
    `An event exactly at t counts, one exactly at the start of a window does not.`,
    `A row is visible from ${view.delayMillis === 0 ? 'its tick' : `${durationText(view.delayMillis)} after its tick`} on; a row that replaces one already published, from its publication on.`,
    ttlText(view, 'tick'),
    `The tick after an entity's last event has left the windows writes the empty row.`,
    ...recompute,
    `A run reads the events of the ${durationText(longestMillis)} before its first tick; ${partitionText(source)}`,
    onlineText(view),
    'features:',
    ...view.features.map((feature) => `- ${heading(feature)}: ${formulaText(feature)}`),
  ];
}

function tableLines(manifest: Manifest, view: TableView): readonly string[] {
  const source = findRowSource(manifest, view.source);
  const deleted =
    source.deleted === undefined ? [] : [`A row whose ${source.deleted} is true hides the older rows of its entity.`];
  return [
    `${viewId(view)}: table view ${subject(manifest, view)}`,
    'The latest visible row of an entity counts, as a whole: nulls in it are values.',
    ...(source.kind === 'stream' ? streamedLines(source, view) : visibilityLines(source, view)),
    ...deleted,
    source.kind === 'stream' ? 'Events are written as they arrive; there are no runs.' : runText(view),
    onlineText(view),
    'features:',
    ...view.features.map(
      (feature) => `- ${heading(feature)}: column ${feature.column}; ${absenceText(feature)} where there is no row`,
    ),
  ];
}

const runText = ({ scheduleMillis }: TableView): string =>
  scheduleMillis === undefined
    ? 'A run starts when a source file arrives.'
    : `A run starts when a source file arrives, and every ${durationText(scheduleMillis)}.`;

function visibilityLines(source: ParquetSource, view: TableView): readonly string[] {
  if (source.eventTime === undefined) return ['Rows are static: always visible, never expired.'];
  const knowledge =
    source.createdTime === undefined
      ? []
      : [
          `Where rows are corrected after the fact, --knowledge-time is the honest join: a row counts from its ${source.createdTime} on.`,
        ];
  return [
    latestText(source),
    `A row is visible from ${view.delayMillis === 0 ? `its ${source.eventTime}` : `${durationText(view.delayMillis)} after its ${source.eventTime}`} on.`,
    ttlText(view, 'row'),
    ...knowledge,
  ];
}

const streamedLines = (source: StreamSource, view: TableView): readonly string[] => [
  latestText(source),
  'A row is visible from the arrival of its event on.',
  ttlText(view, 'row'),
  ...acceptanceLines(source),
];

const latestText = ({ eventTime, createdTime }: RowSource): string =>
  `Latest by ${eventTime} (UTC)${createdTime === undefined ? '' : `, then by ${createdTime}`}.`;

function onDemandLines(view: OnDemandView): readonly string[] {
  const inputs = view.inputs.map((input) =>
    input.kind === 'request'
      ? `- ${input.name}: fields of the request source ${input.source}`
      : `- ${input.name}: ${input.features.join(', ')} of ${viewId({ name: input.view, version: input.version })}`,
  );
  return [
    `${viewId(view)}: on-demand view`,
    'A transform runs where its features are asked for: in serving at the request, in training sets at the label less lag.',
    'Nothing is stored. A throw or a value of the wrong type is null with status ERROR.',
    `Code: ${view.transformHash.slice(0, 12)}`,
    'inputs:',
    ...inputs,
    'outputs:',
    ...view.features.map((feature) => `- ${heading(feature)}`),
  ];
}

const absenceText = ({ default: fallback }: Feature): string =>
  fallback === undefined ? 'null' : `its default ${JSON.stringify(fallback)}`;
const ttlText = ({ ttlMillis }: StoredView, what: string): string =>
  ttlMillis === undefined
    ? 'Rows never expire.'
    : `A row expires when its ${what} is more than ${durationText(ttlMillis)} old (at exactly that age it is still visible).`;
const onlineText = ({ online }: StoredView): string =>
  online ? 'Rows are kept offline and served online.' : 'Rows are kept offline only.';
const partitionText = ({ partitionedBy }: ParquetSource): string =>
  partitionedBy === undefined
    ? 'the source is not partitioned by day, so every run scans all of it.'
    : `only the days of ${partitionedBy.column} that hold them are scanned.`;
