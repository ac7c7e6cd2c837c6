import { randomBytes } from 'node:crypto';
import { readWireValue, wireWriter } from '#codec/wire-json.ts';
import { loadRepository } from '#define/node/load-repository.ts';
import type { ServePlan } from '#engine/serve/plan.ts';
import type { VerifyReport, VerifyRow } from '#engine/verify/verify.ts';
import { type ServedBatch, verifyOnline } from '#engine/verify/verify-online.ts';
import { parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findView, viewId } from '#spec/find.ts';
import type { EntityView, Manifest, View } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { systemClock } from '#store/clock.ts';
import { callApi } from '../api.ts';
import { type Command, countOption, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { eventLogs } from '../event-logs.ts';
import { exitCodes } from '../exit-codes.ts';
import { Progress } from '../report/progress.ts';
import { grouped, table } from '../report/table.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget, type Target } from '../target.ts';
import { verifyFromLog } from './verify-from-log.ts';

const defaultLimit = 10_000;
const defaultWaitSeconds = 600;

export const verify: Command = {
  name: 'verify',
  summary: 'compare served values with the offline store at the same instant',
  usage: [
    'tidemark verify [<view[@version]> ...] [--limit N] [--wait SECONDS]',
    'tidemark verify --from-log [<service[@version]> ...] [--from INSTANT] [--to INSTANT] [--limit N] [--wait SECONDS]',
    '',
    '--from-log  compare what the serving log says was served with the offline store at the instants of those answers',
    '--from, --to  of answers: ISO 8601 with an offset (default: the last 24 hours)',
    `--limit   at most N entities of each kind, or rows of the log (default ${defaultLimit})`,
    `--wait    of views over streams: at most so long until the event log has come to the answers (default ${defaultWaitSeconds})`,
    'late: values over streams that differed when asked first and agreed when asked again: events on their way;',
    '      of the log: those that differ, of entities with events that arrived in the minute before the answer',
    'exit code 1 when any other value differs',
  ],
  options: {
    limit: { type: 'string' },
    wait: { type: 'string' },
    'from-log': { type: 'boolean' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
  run: async (context) => {
    const { positionals, options, output } = context;
    const waitSeconds = countOption(options, 'wait') ?? defaultWaitSeconds;
    if (options['from-log'] === true) return verifyFromLog(context, { waitSeconds });
    if (options.from !== undefined || options.to !== undefined)
      throw new TidemarkError('cli.badArguments', '--from and --to are for --from-log; add it, or leave them out');
    const limit = countOption(options, 'limit') ?? defaultLimit;
    const target = readTarget(stringOption(options, 'target'));
    const { repository } = await loadRepository(repositoryFolder(undefined, target));
    const { manifest } = repository;
    const named = positionals.length > 0 ? positionals.map((name) => verifiable(manifest, name)) : manifest.views;
    const views = named.filter(isVerified);
    const connections = { ...connect(target), archivedThrough: eventLogs(target), clock: systemClock };
    const serve = (plan: ServePlan, refs: readonly string[], entities: readonly VerifyRow['entity'][]) =>
      servedBatch(target, { plan, refs, entities });
    const id = randomBytes(4).toString('hex');
    const progress = new Progress('verify');
    const reports: [string, VerifyReport][] = [];
    for (const entity of new Set(views.map((view) => view.entity))) {
      progress.show(entity);
      const own = views.filter((view) => view.entity === entity);
      reports.push([
        entity,
        await verifyOnline(
          {
            repository,
            database: target.database,
            ...connections,
            serve,
            progress: (step) => progress.show(`${entity}: waiting for ${step}`),
          },
          { entity, views: own, limit, id, maximumWaitMillis: waitSeconds * 1000 },
        ),
      ]);
    }
    progress.end();
    const mismatches = reports.reduce((sum, [, report]) => sum + report.mismatchCount, 0);
    output.data(Object.fromEntries(reports), describe(reports));
    return mismatches > 0 ? exitCodes.failedCheck : exitCodes.ok;
  },
};

function verifiable(manifest: Manifest, name: string): EntityView {
  const view = findView(manifest, name);
  if (view.kind !== 'onDemand') return view;
  throw new TidemarkError(
    'cli.badArguments',
    `${viewId(view)} is an on-demand view, computed from others at each request: verify the views that it reads`,
  );
}

/** On-demand views are computed from others, and what is not kept online is not served. */
const isVerified = (view: View): view is EntityView => view.kind !== 'onDemand' && view.online;

/** One request to the API, and its answer as typed values. */
async function servedBatch(
  target: Target,
  { plan, refs, entities }: { plan: ServePlan; refs: readonly string[]; entities: readonly VerifyRow['entity'][] },
): Promise<ServedBatch> {
  const writers = plan.keys.map(({ name, type }) => ({ name, write: wireWriter(type) }));
  const texts = entities.map(
    (keys) => `{${writers.map(({ name, write }) => `${JSON.stringify(name)}:${write(keys[name] ?? null)}`).join(',')}}`,
  );
  const body = `{"features":${JSON.stringify(refs)},"entities":[${texts.join(',')}],"metadata":["status"]}`;
  const answer = (await callApi(target, '/v1/online-features', body)) as {
    rows: { values: unknown[]; status: string[] }[];
    meta: { asOf: string };
  }; // the API's documented shape
  return {
    asOfMillis: parseInstant(answer.meta.asOf),
    rows: answer.rows.map(({ values, status }) => ({
      values: values.map((value, at): Value => {
        const reading = readWireValue(plan.types[at] ?? 'string', value);
        if ('problem' in reading)
          throw new TidemarkError('cli.badAnswer', `the API's value of ${plan.names[at]} ${reading.problem}`, {
            kind: 'failed',
          });
        return reading.value;
      }),
      status,
    })),
  };
}

function describe(reports: readonly [string, VerifyReport][]): string {
  const rows = reports.map(([entity, { entities, checked, mismatchCount, lateCount, presentShare, statuses }]) => [
    entity,
    entities,
    checked,
    mismatchCount,
    lateCount,
    `${(100 * presentShare).toFixed(1)} %`,
    Object.entries(statuses)
      .map(([status, count]) => `${status} ${grouped(count)}`)
      .join(', '),
  ]);
  const shown = reports.flatMap(([entity, { mismatches }]) =>
    mismatches
      .slice(0, 10)
      .map(
        ({ entity: keys, feature, offline, served }) =>
          `${entity} ${JSON.stringify(keys, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))} ${feature}: served ${String(served.value)} (${served.status}), offline ${String(offline.value)} (${offline.status})`,
      ),
  );
  return [table(['entity', 'entities', 'values', 'mismatches', 'late', 'present', 'statuses'], rows), ...shown].join(
    '\n',
  );
}
