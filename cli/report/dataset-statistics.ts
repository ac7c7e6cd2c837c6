import type { ClassBalance } from '#engine/statistics/class-balance.ts';
import type { ColumnStatistics, ColumnWarning } from '#engine/statistics/column-statistics.ts';
import type { DatasetStatistics } from '#engine/statistics/dataset-statistics.ts';
import { grouped, table } from './table.ts';

/** Statistics of a dataset for people: a line per column, the balance of classes, what deserves a look. */
export function datasetStatisticsText(statistics: DatasetStatistics): string {
  const { columns, label } = statistics;
  const warnings = warningTexts(columns);
  return [
    table(
      ['column', 'type', 'null', 'min', 'median', 'max', 'different', 'values'],
      columns.map((column) => [
        plain(column.name),
        column.type ?? 'unknown',
        percent(column.nullShare),
        shown(column.min),
        shown(column.quantiles?.['0.5']),
        shown(column.max),
        differentText(column),
        valuesText(column),
      ]),
    ),
    ...(label ? ['', `label ${plain(label.column)}`, balanceText(label)] : []),
    ...(warnings.length > 0 ? ['', ...warnings] : []),
  ].join('\n');
}

/** `0.1234` -> `12.3 %`. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** A number in at most six digits; texts of exact digits and of times as they are. */
export function shown(value: number | string | null | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : String(Number(value.toPrecision(6)));
}

/** How many different values: `17`, and `~5,120` of an estimate. */
export const differentText = ({ distinct }: ColumnStatistics): string =>
  distinct ? `${distinct.isExact ? '' : '~'}${grouped(distinct.count)}` : '';

const blocks = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const shownValues = 3;
const shownCharacters = 16;

function valuesText(column: ColumnStatistics): string {
  const { histogram, top, trueShare, lengths, rows, nulls } = column;
  if (histogram) return sparkline(histogram);
  if (trueShare !== undefined) return `true ${percent(trueShare)}`;
  if (top)
    return top
      .slice(0, shownValues)
      .map(({ value, count }) => `${cut(value)}: ${percent(count / (rows - nulls))}`)
      .join(', ');
  return lengths ? `length ${lengths.min} to ${lengths.max}` : '';
}

/** A block per bin, as high as its share of the greatest; a space where there is nothing. */
function sparkline(bins: readonly number[]): string {
  const greatest = Math.max(...bins);
  return bins
    .map((bin) => (bin === 0 ? ' ' : (blocks[Math.ceil((bin / greatest) * blocks.length) - 1] ?? '█')))
    .join('');
}

/** A text without what a terminal would take for a command. */
const plain = (text: string): string => text.replaceAll(/\p{C}/gu, '?');
const cut = (text: string): string =>
  plain(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}...` : text);

function balanceText({ balance, splits = {} }: NonNullable<DatasetStatistics['label']>): string {
  const parts: [string, ClassBalance][] = [['all', balance], ...Object.entries(splits)];
  const names = balance.classes?.map(({ value }) => value);
  const header =
    names?.map(cut) ??
    (balance.distribution?.min === undefined ? ['different', 'values'] : ['min', 'median', 'max', 'mean']);
  const rows = parts.map(([name, part]) => [name, part.rows, part.nulls, ...partCells(part, names)]);
  return table(['rows of', 'rows', 'without', ...header], rows);
}

/** Shares of the classes, or the distribution of a label that has too many. */
function partCells({ classes, distribution }: ClassBalance, names: readonly string[] | undefined): string[] {
  if (names) return names.map((name) => percent(classes?.find(({ value }) => value === name)?.share ?? 0));
  if (!distribution) return classes ? [`${classes.length} classes`] : [];
  const { min, max, mean, quantiles } = distribution;
  if (min === undefined) return [differentText(distribution), valuesText(distribution)];
  return [min, quantiles?.['0.5'], max, mean].map(shown);
}

const rowsText = (rows: number): string => `${grouped(rows)} ${rows === 1 ? 'row' : 'rows'}`;

const warningText: Record<ColumnWarning, (column: ColumnStatistics) => string> = {
  allNull: () => 'has no value in any row',
  mostlyNull: ({ nullShare }) => `is null in ${percent(nullShare)} of the rows`,
  constant: () => 'has the same value in every row',
  nan: ({ nans = 0 }) => `is NaN in ${rowsText(nans)}`,
  infinity: ({ infinities = 0 }) => `is infinite in ${rowsText(infinities)}`,
};

/** What deserves a look, a sentence each. */
export const warningTexts = (columns: readonly ColumnStatistics[]): string[] =>
  columns.flatMap((column) =>
    column.warnings.map((warning) => `warning: ${plain(column.name)} ${warningText[warning](column)}`),
  );
