import { readFeastValue } from '#codec/feast-json.ts';
import { refused as refusedTo } from '#engine/access/reach-features.ts';
import { findMaterializedView, isMaterialized } from '#engine/materialize/materialized-view.ts';
import { feastProblems } from '#lambdas/feast/answer-problem.ts';
import { readFeastBody } from '#lambdas/feast/read-body.ts';
import type { HttpRequest, HttpResponse, Route } from '#lambdas/http/router.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest, StoredView } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import type { RunInput, Runs } from '#store/runs.ts';
import { incrementalBodySchema, type MaterializeBody, materializeBodySchema } from './event.ts';

export interface MaterializePorts {
  readonly manifest: Manifest;
  readonly runs: Runs;
  readonly clock: Clock;
}

/** POST /materialize and POST /materialize-incremental start runs, as schedules do. */
export function feastMaterializeRoutes(ports: MaterializePorts): Route[] {
  const answerProblem = feastProblems(ports.manifest.project);
  const route = (pattern: string, inputsOf: (body: string) => readonly Planned[]): Route => ({
    method: 'POST',
    pattern,
    answerProblem,
    handle: (request) => {
      if (!request.principal.grants.isAdmin) throw refusedTo('materialize', 'feature views');
      return run(ports.runs, inputsOf(request.body), request);
    },
  });
  return [
    route('/materialize', (body) => {
      const asked = readFeastBody(body, materializeBodySchema);
      const interval = intervalOf(asked);
      // A table view's rows come online whatever their time is; only ticks are chosen by an interval.
      return planned(ports.manifest, asked, (view) => (view.kind === 'batch' ? interval : {}));
    }),
    route('/materialize-incremental', (body) => {
      const asked = readFeastBody(body, incrementalBodySchema);
      const to = instantOf(asked.end_ts);
      const isPast = to < ports.clock();
      return planned(ports.manifest, asked, (view) => (view.kind === 'batch' && isPast ? { to } : {}));
    }),
  ];
}

type Interval = Pick<RunInput, 'from' | 'to'>;
interface Planned {
  readonly view: StoredView;
  readonly input: RunInput;
}

function planned(
  manifest: Manifest,
  { feature_views: names, version }: Pick<MaterializeBody, 'feature_views' | 'version'>,
  intervalOfView: (view: StoredView) => Interval,
): readonly Planned[] {
  return viewsOf(manifest, names ?? undefined, version ?? undefined).map((view) => ({
    view,
    input: { view: viewId(view), ...intervalOfView(view) },
  }));
}

function viewsOf(
  manifest: Manifest,
  names: readonly string[] | undefined,
  version: string | undefined,
): readonly StoredView[] {
  const number = version === undefined ? undefined : /^v(\d{1,9})$/i.exec(version)?.[1];
  if (version !== undefined && (number === undefined || names?.length !== 1))
    throw refused(`version ${version} must be v<number> and stand with exactly one of feature_views`);
  if (names === undefined) return manifest.views.filter((view) => isMaterialized(manifest, view));
  return [...new Set(names)].map((name) =>
    materializedView(manifest, number === undefined ? name : `${name}@${number}`),
  );
}

function materializedView(manifest: Manifest, reference: string): StoredView {
  try {
    return findMaterializedView(manifest, reference);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.kind !== 'notFound') throw error;
    throw new TidemarkError(error.code, error.message, {
      kind: 'notFound',
      details: { what: 'feature view', got: reference },
    });
  }
}

function intervalOf({ start_ts: start, end_ts: end, disable_event_timestamp: isTimeless }: MaterializeBody): Interval {
  if (isTimeless) return {};
  if (!start || !end) throw refused('start_ts and end_ts are required when disable_event_timestamp is False');
  const [from, to] = [instantOf(start), instantOf(end)];
  if (from >= to) throw refused(`start_ts (${start}) must be before end_ts (${end})`);
  return { from, to };
}

function instantOf(text: string): number {
  const reading = readFeastValue('timestamp', text);
  if ('value' in reading && typeof reading.value === 'number') return reading.value;
  throw refused(`Invalid timestamp format: ${'problem' in reading ? reading.problem : text}`);
}

const refused = (message: string): TidemarkError => new TidemarkError('feast.invalidRequest', message);

/** A client that did not ask to go on is made to wait at most this long. */
const waitMillis = 20_000;

/** Starts the runs; 200 and null once all are done, 202 where they go on. */
async function run(runs: Runs, plan: readonly Planned[], request: HttpRequest): Promise<HttpResponse> {
  const executions: string[] = [];
  for (const { input } of plan) executions.push(await runs.start(input));
  const log = { runs: executions.length };
  const accepted: HttpResponse = {
    status: 202,
    body: JSON.stringify({ status: 'accepted', feature_views: plan.map(({ view }) => view.name) }),
    log,
  };
  if (/^(1|true|t|yes|y|on)$/i.test(request.query.async ?? '')) return accepted;
  const outcome = await runs.settled(executions, Math.min(request.deadlineMillis, Date.now() + waitMillis));
  if (outcome === 'failed')
    throw new TidemarkError('materialize.runFailed', 'a run failed; `tidemark runs` tells why', { kind: 'failed' });
  return outcome === 'succeeded' ? { body: 'null', log } : accepted;
}
