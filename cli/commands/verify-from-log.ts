import { randomBytes } from 'node:crypto';
import { toJsonValue } from '#codec/json-value.ts';
import { loadRepository } from '#define/node/load-repository.ts';
import type { LogComparison, LogDifference } from '#engine/serving-log/compare-logged.ts';
import { type LogReport, verifyLog } from '#engine/serving-log/verify-log.ts';
import { formatInstant, parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findService } from '#spec/find.ts';
import { systemClock } from '#store/clock.ts';
import { type CommandContext, countOption, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { eventLogs } from '../event-logs.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { Progress } from '../report/progress.ts';
import { grouped, table } from '../report/table.ts';
import { valueText } from '../report/value-text.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

const defaultLimit = 10_000;
const defaultRangeMillis = 86_400_000;
/** Differences of a service that are shown; --json has up to 100. */
const shownDifferences = 10;

/** `verify --from-log`: what was served to others, against the offline store at the instants of the answers. */
export async function verifyFromLog(
  { positionals, options, output }: CommandContext,
  { waitSeconds }: { readonly waitSeconds: number },
): Promise<ExitCode> {
  const [from, to] = [stringOption(options, 'from'), stringOption(options, 'to')];
  const toMillis = to === undefined ? systemClock() : parseInstant(to);
  const fromMillis = from === undefined ? toMillis - defaultRangeMillis : parseInstant(from);
  if (fromMillis >= toMillis)
    throw new TidemarkError(
      'cli.badArguments',
      `--from must be before --to, got ${formatInstant(fromMillis)} and ${formatInstant(toMillis)}`,
    );
  const limit = countOption(options, 'limit') ?? defaultLimit;
  const target = readTarget(stringOption(options, 'target'));
  const { repository } = await loadRepository(repositoryFolder(undefined, target));
  for (const service of positionals) findService(repository.manifest, service);
  const progress = new Progress('verify');
  const report = await verifyLog(
    {
      ...connect(target),
      repository,
      database: target.database,
      archivedThrough: eventLogs(target),
      clock: systemClock,
      progress: (step) => progress.show(step),
    },
    {
      fromMillis,
      toMillis,
      services: positionals.length > 0 ? positionals : undefined,
      limit,
      id: randomBytes(4).toString('hex'),
      maximumWaitMillis: waitSeconds * 1000,
    },
  );
  progress.end();
  const range = { from: formatInstant(fromMillis), to: formatInstant(toMillis) };
  output.data({ ...range, ...forMachines(report) }, describe(report, range));
  // What has compared nothing proves nothing.
  if (report.compared === 0) return exitCodes.notFound;
  const differs = Object.values(report.services).some(({ mismatchCount }) => mismatchCount > 0);
  return differs ? exitCodes.failedCheck : exitCodes.ok;
}

/** Values in the form that keeps NaN and null, and all digits, apart. */
const differenceForMachines = ({ asOfMillis, entity, logged, recomputed, ...rest }: LogDifference): object => ({
  ...rest,
  asOf: formatInstant(asOfMillis),
  entity: Object.fromEntries(Object.entries(entity).map(([name, value]) => [name, toJsonValue(value)])),
  logged: { ...logged, value: toJsonValue(logged.value) },
  recomputed: { ...recomputed, value: toJsonValue(recomputed.value) },
});

const forMachines = ({ services, ...report }: LogReport): object => ({
  ...report,
  services: Object.fromEntries(
    Object.entries(services).map(([id, { mismatches, late, ...comparison }]) => [
      id,
      { ...comparison, mismatches: mismatches.map(differenceForMachines), late: late.map(differenceForMachines) },
    ]),
  ),
});

function describe(report: LogReport, { from, to }: { readonly from: string; readonly to: string }): string {
  const { found, compared, lost, repeated, skipped, services } = report;
  const lines = [
    `${grouped(found)} rows in the serving log from ${from} to ${to}, ${grouped(compared)} compared${lost > 0 ? `; ${grouped(lost)} were lost on their way` : ''}${repeated > 0 ? `; ${grouped(repeated)} were put twice, and count once` : ''}`,
    ...skipped.map(
      ({ service, definitionHash, rows }) =>
        `skipped ${grouped(rows)} rows of ${service}: its definition ${definitionHash.slice(0, 8)} is not deployed any more`,
    ),
  ];
  if (compared === 0)
    return [...lines, 'nothing was compared; does the stage declare servingLog, and were its services asked?'].join(
      '\n',
    );
  const rows = Object.entries(services).map(([id, comparison]) => [id, ...countsOf(comparison)]);
  return [
    ...lines,
    '',
    table(['service', 'rows', 'values', 'mismatches', 'late', 'unread', 'masked', 'statuses'], rows),
    ...Object.entries(services).flatMap(([id, { mismatches }]) =>
      mismatches.slice(0, shownDifferences).map((difference) => differenceText(id, difference)),
    ),
  ].join('\n');
}

const countsOf = (comparison: LogComparison): (string | number)[] => [
  comparison.rows,
  comparison.checked,
  comparison.mismatchCount,
  comparison.lateCount,
  comparison.unreadCount,
  comparison.maskedCount,
  Object.entries(comparison.statuses)
    .map(([status, count]) => `${status} ${grouped(count)}`)
    .join(', '),
];

function differenceText(service: string, difference: LogDifference): string {
  const { requestId, asOfMillis, entity, feature, logged, recomputed } = difference;
  const keys = Object.entries(entity)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(',');
  return `${service} ${keys} ${feature} at ${formatInstant(asOfMillis)}: served ${valueText(logged.value)} (${logged.status}), recomputed ${valueText(recomputed.value)} (${recomputed.status}), request ${requestId}`;
}
