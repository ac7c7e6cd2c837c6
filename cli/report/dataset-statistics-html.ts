import type { ColumnStatistics, ValueCount } from '#engine/statistics/column-statistics.ts';
import type { DatasetStatistics } from '#engine/statistics/dataset-statistics.ts';
import { differentText, percent, shown, warningTexts } from './dataset-statistics.ts';
import { escaped, htmlPage } from './html-page.ts';
import { grouped } from './table.ts';

/** Statistics as a page of its own: no script, nothing that is loaded from elsewhere. `lines`: what the dataset is. */
export function datasetStatisticsHtml(lines: readonly string[], { columns, label }: DatasetStatistics): string {
  const [title = '', ...rest] = lines.map((line) => line.trim());
  const balances = label ? [['all rows', label.balance] as const, ...Object.entries(label.splits ?? {})] : [];
  return htmlPage(title, style, [
    ...rest.map((line) => `<p>${escaped(line)}</p>`),
    ...warningTexts(columns).map((warning) => `<p class="warning">${escaped(warning)}</p>`),
    ...(label ? [`<h2>label ${escaped(label.column)}</h2>`] : []),
    ...balances.map(
      ([name, { classes, distribution, rows, nulls }]) =>
        `<section><h3>${escaped(name)}</h3><p>${grouped(rows)} rows, ${grouped(nulls)} without a label</p>${classes ? bars(classes, rows - nulls) : ''}${distribution ? details(distribution) : ''}</section>`,
    ),
    '<h2>columns</h2>',
    ...columns.map(
      (column) =>
        `<section><h3>${escaped(column.name)} <small>${escaped(column.type ?? 'unknown')}</small></h3>${details(column)}</section>`,
    ),
  ]);
}

const style =
  'body{font:14px/1.4 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}' +
  'section{display:inline-block;vertical-align:top;width:21rem;margin:0 1rem 1rem 0;overflow-wrap:anywhere}' +
  'h3{margin:.5rem 0}small{color:#666;font-weight:normal}.warning{color:#a33}td{padding:0 1rem 0 0}svg{display:block}rect{fill:#47a}text{font-size:11px}';

function details(column: ColumnStatistics): string {
  const { rows, nulls, nullShare, min, max, mean, stddev, quantiles, trueShare, lengths, histogram, top } = column;
  const facts: [string, string][] = [
    ['null', `${percent(nullShare)} (${grouped(nulls)} of ${grouped(rows)})`],
    ['NaN, infinite', column.nans || column.infinities ? `${column.nans}, ${column.infinities}` : ''],
    ['different', differentText(column)],
    ['min, max', min === undefined ? '' : `${shown(min)}, ${shown(max)}`],
    ['mean, deviation', mean === undefined ? '' : `${shown(mean)}, ${shown(stddev)}`],
    [
      'quantiles 5, 50, 95 %',
      quantiles ? [quantiles['0.05'], quantiles['0.5'], quantiles['0.95']].map(shown).join(', ') : '',
    ],
    ['true', trueShare === undefined ? '' : percent(trueShare)],
    ['length', lengths ? `${lengths.min} to ${lengths.max}` : ''],
  ];
  const lines = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<tr><td>${name}</td><td>${escaped(value)}</td></tr>`);
  const drawing = histogram ? bins(histogram) : top ? bars(top.slice(0, shownBars), rows - nulls) : '';
  return `<table>${lines.join('')}</table>${drawing}`;
}

const width = 320;
const height = 80;
const shownBars = 10;

/** A histogram: equal bins from min to max. */
function bins(counts: readonly number[]): string {
  const greatest = Math.max(...counts);
  const step = width / counts.length;
  const rectangles = counts.map((count, at) => {
    const high = (count / greatest) * height;
    return `<rect x="${(at * step).toFixed(1)}" y="${(height - high).toFixed(1)}" width="${(step - 1).toFixed(1)}" height="${high.toFixed(1)}"><title>${grouped(count)}</title></rect>`;
  });
  return `<svg width="${width}" height="${height}" role="img">${rectangles.join('')}</svg>`;
}

const barHeight = 16;
const textWidth = 160;
/** As many as fit before the bar, with their share. */
const shownCharacters = 14;

/** A bar per value, as long as its share of the rows. */
function bars(values: readonly ValueCount[], rows: number): string {
  const lines = values.map(({ value, count }, at) => {
    const share = count / rows;
    const label = value.length > shownCharacters ? `${value.slice(0, shownCharacters)}...` : value;
    const y = at * barHeight;
    return `<text x="0" y="${y + 12}">${escaped(label)} ${percent(share)}</text><rect x="${textWidth}" y="${y + 2}" width="${(share * (width - textWidth)).toFixed(1)}" height="${barHeight - 4}"><title>${grouped(count)}</title></rect>`;
  });
  return `<svg width="${width}" height="${values.length * barHeight}" role="img">${lines.join('')}</svg>`;
}
