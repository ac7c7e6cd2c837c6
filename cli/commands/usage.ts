import { loadRepository } from '#define/node/load-repository.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import { featureUsage, type Usage, type ViewUsage } from '#engine/usage/feature-usage.ts';
import { onlineCost } from '#engine/usage/online-cost.ts';
import { type AnswerRange, oldestAnswerDate, readAnswers } from '#engine/usage/read-answers.ts';
import { parseDuration } from '#semantics/duration.ts';
import { dayMillis, formatInstant, parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntityView } from '#spec/find.ts';
import { systemClock } from '#store/clock.ts';
import { type Command, type OptionValues, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { type LogFacts, type Unread, unusedText, usageText } from '../report/usage.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

const defaultRange = '30d';
/** The longest retention of the log. */
const maximumRangeMillis = 3653 * dayMillis;
/** Records of a view that its cost is taken from: a month of runs every five minutes. */
const maximumRuns = 9000;

export const usage: Command = {
  name: 'usage',
  summary: 'which online features are read, by the serving log; --unused: which are not, and their cost',
  usage: [
    'tidemark usage [--last DURATION | --unused DURATION]',
    '',
    `--last    reads of so long until now, as 7d (default ${defaultRange})`,
    '--unused  only what nothing has read for so long, as 30d, with what it costs',
    'exit code 6 where the stage declares no servingLog, or the log has no row of that time',
  ],
  options: { last: { type: 'string' }, unused: { type: 'string' } },
  run: async ({ options, output }) => {
    const rangeMillis = rangeOf(options);
    const target = readTarget(stringOption(options, 'target'));
    const { repository, config } = await loadRepository(repositoryFolder(undefined, target));
    const rule = config.stages[target.stage]?.servingLog;
    if (!rule) throw noLog(target.stage);
    const { objects, records } = connect(target);
    const toMillis = systemClock();
    const range: AnswerRange = { fromMillis: toMillis - rangeMillis, toMillis };
    const since = await oldestAnswerDate(objects);
    const answers = since === undefined ? [] : await readAnswers(objects, startingAt(range, since));
    const report = featureUsage(repository.manifest, answers, rule);
    const log: LogFacts = {
      stage: target.stage,
      sample: rule.sample,
      from: formatInstant(range.fromMillis),
      to: formatInstant(toMillis),
      since,
      rows: answers.reduce((sum, { rows }) => sum + rows, 0),
    };
    const notDeployed = report.notDeployed.map(({ lastMillis, ...of }) => ({ ...of, last: formatInstant(lastMillis) }));
    const facts = { log, notDeployed };
    // What has read nothing knows nothing.
    const exitCode = log.rows === 0 ? exitCodes.notFound : exitCodes.ok;
    if (options.unused === undefined) {
      output.data({ ...facts, views: report.views.map(forMachines) }, usageText(log, report));
      return exitCode;
    }
    const unread: readonly Unread[] = await Promise.all(
      report.views.filter(isUnread).map(async (of) => {
        if (of.state === 'used') return of;
        const view = findEntityView(repository.manifest, of.view);
        return { ...of, cost: onlineCost(view, await listRunRecords(records, view, maximumRuns), toMillis) };
      }),
    );
    const views = unread.map((of) => ({
      ...forMachines(of),
      ...(of.state === 'used' ? {} : { cost: of.cost ?? null }), // null: not known
    }));
    output.data({ ...facts, views }, unusedText(log, report, unread));
    return exitCode;
  },
};

function rangeOf(options: OptionValues): number {
  const [last, unused] = [stringOption(options, 'last'), stringOption(options, 'unused')];
  if (last !== undefined && unused !== undefined)
    throw new TidemarkError('cli.badArguments', '--last and --unused both say how long; leave one of them out');
  const millis = parseDuration(unused ?? last ?? defaultRange);
  if (millis > 0 && millis <= maximumRangeMillis) return millis;
  throw new TidemarkError(
    'cli.badArguments',
    `--${unused === undefined ? 'last' : 'unused'} must be more than nothing and at most 3653d, got ${JSON.stringify(unused ?? last)}`,
  );
}

const noLog = (stage: string): TidemarkError =>
  new TidemarkError(
    'cli.noServingLog',
    `stage ${stage} declares no servingLog, so nobody knows what is read; add servingLog: { sample: 0.01 } to it in tidemark.config.ts and deploy`,
    { kind: 'notFound', details: { stage } },
  );

/** The range from the log's first day on; a row may have arrived the day after its answer. */
const startingAt = ({ fromMillis, toMillis }: AnswerRange, since: string): AnswerRange => ({
  fromMillis: Math.max(fromMillis, parseInstant(`${since}T00:00:00Z`) - dayMillis),
  toMillis,
});

const isUnread = ({ state, features }: ViewUsage): boolean =>
  state !== 'used' || features.some((feature) => feature.state !== 'used');

/** Instants as text. */
const readForMachines = <T extends Usage>({ lastReadMillis, ...of }: T): object => ({
  ...of,
  lastRead: lastReadMillis === undefined ? null : formatInstant(lastReadMillis),
});

const forMachines = ({ features, ...view }: Unread): object => ({
  ...readForMachines(view),
  features: features.map(readForMachines),
});
