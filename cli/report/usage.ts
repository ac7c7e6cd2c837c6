import { usd } from '#engine/materialize/cost-forecast.ts';
import type { Usage, UsageReport, ViewUsage } from '#engine/usage/feature-usage.ts';
import type { OnlineCost } from '#engine/usage/online-cost.ts';
import { formatInstant } from '#semantics/time.ts';
import { byteSize, grouped, table } from './table.ts';

/** What the serving log is, beside what it says. */
export interface LogFacts {
  readonly stage: string;
  /** Share of the requests that is logged. */
  readonly sample: number;
  readonly from: string;
  readonly to: string;
  /** UTC date of the oldest rows; absent for a log without any. */
  readonly since?: string | undefined;
  /** Of the range. */
  readonly rows: number;
}

/** A view of which something is not read; `cost` is absent where it is not known, and for a view that is read. */
export type Unread = ViewUsage & { readonly cost?: OnlineCost | undefined };

/** Every online view and feature with its reads, as a table. */
export function usageText(log: LogFacts, report: UsageReport): string {
  if (log.rows === 0) return logLines(log, report).join('\n');
  const rows = report.views.flatMap((view) => [
    [view.view, ...readsOf(view)],
    ...view.features.map((feature) => [`  ${feature.name}`, ...readsOf(feature)]),
  ]);
  return [...logLines(log, report), '', table(['online', 'rows', 'last read', 'read by'], rows)].join('\n');
}

/** The views and features that nothing has read, with what they cost. */
export function unusedText(log: LogFacts, report: UsageReport, views: readonly Unread[]): string {
  if (log.rows === 0) return logLines(log, report).join('\n');
  const unused = views.filter(({ state }) => state === 'unused');
  const unknown = views.flatMap((view) => [
    ...(view.state === 'unknown' ? [`${view.view}${reasonOf(view)}`] : []),
    ...(view.state === 'used' ? view.features : []).flatMap((feature) =>
      feature.state === 'unknown' ? [`${view.view}:${feature.name}${reasonOf(feature)}`] : [],
    ),
  ]);
  const features = views
    .filter(({ state }) => state !== 'unused')
    .flatMap((view) =>
      view.features.filter(({ state }) => state === 'unused').map(({ name }) => `${view.view}:${name}`),
    );
  const header = ['online, not read', 'features', 'items', 'stored', 'USD a month', 'writes, 730 h', 'USD'];
  return [
    ...logLines(log, report),
    '',
    unused.length === 0
      ? 'no view is known to be unread'
      : table(
          header,
          unused.map(({ view, features: of, cost }) => [view, of.length, ...costOf(cost)]),
        ),
    ...(unused.length > 0
      ? [
          'items and bytes are estimated from the records of runs (unknown for views over streams); a new version with "online: false" keeps a view for training only',
        ]
      : []),
    ...(features.length > 0
      ? ['', `not read, in the items of views that are kept for others: ${features.join(', ')}`]
      : []),
    ...(unknown.length > 0 ? ['', ...unknown.map((line) => `not known: ${line}`)] : []),
  ].join('\n');
}

const readsOf = ({ state, rows, lastReadMillis, readBy, notLogged }: Usage): (string | number)[] => [
  state === 'unknown' ? 'unknown' : grouped(rows),
  lastReadMillis === undefined ? '' : formatInstant(lastReadMillis),
  [...readBy, ...notLogged.map((service) => `${service} (not logged)`)].join(', '),
];

const reasonOf = ({ notLogged }: Usage): string =>
  notLogged.length > 0
    ? ` is needed by ${notLogged.join(', ')}, which servingLog.services leaves out`
    : ' is needed by a service that answered by another definition in that time';

const costOf = (cost: OnlineCost | undefined): string[] =>
  cost
    ? [
        grouped(cost.items),
        `about ${byteSize(cost.storedBytes)}`,
        usd(cost.storageUsdPerMonth),
        grouped(cost.writes),
        usd(cost.writesUsdPerMonth),
      ]
    : ['unknown', 'unknown', 'unknown', 'unknown', 'unknown'];

function logLines({ stage, sample, from, to, since, rows }: LogFacts, { notDeployed }: UsageReport): string[] {
  if (rows === 0)
    return [
      `no row in the serving log from ${from} to ${to} (${since === undefined ? 'it has none at all' : `its oldest are of ${since}`}), so nothing is known of what is read; was any service asked since stage ${stage} declares it?`,
    ];
  const share = `${Number((100 * sample).toPrecision(6))} %`;
  return [
    `${grouped(rows)} rows in the serving log from ${from} to ${to}; stage ${stage} logs ${share} of the requests that name a service, and the oldest rows are of ${since}`,
    ...(since !== undefined && since > from.slice(0, 10)
      ? [`the log is younger than that time: of what was read before ${since} nothing is known`]
      : []),
    ...(sample < 1
      ? [
          `a feature of fewer than ${grouped(surelySeen(sample))} requests in that time may have been read and not be in the sample (5 in 100 of those with as many are not)`,
        ]
      : []),
    'requests that list features, and clients that read DynamoDB themselves (openDirect), are never logged',
    ...notDeployed.map(
      ({ service, definitionHash, rows: own }) =>
        `${grouped(own)} rows of ${service} are of its definition ${definitionHash.slice(0, 8)}, which is not deployed any more: what they read is not known`,
    ),
  ];
}

/** So many requests are missed by the sample altogether in 5 of 100 cases. */
const surelySeen = (sample: number): number => Math.ceil(Math.log(0.05) / Math.log(1 - sample));
