import { type CallerPlans, callerPlans, masked } from '#engine/access/caller-plans.ts';
import type { ServePlan } from '#engine/serve/plan.ts';
import { type Served, serveFeatures } from '#engine/serve/serve-features.ts';
import type { ServingLog } from '#engine/serving-log/serving-log.ts';
import type { HttpRequest, HttpResponse } from '#lambdas/http/router.ts';
import { logFields } from '#observe/log-fields.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { FeatureStatus } from '#spec/status.ts';
import type { Repository, TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import type { Clock } from '#store/clock.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import type { BinaryBody } from './answer-writers.ts';

/** Facts of one answered request, for metrics and the log line: counts and times, no keys and no values. */
export interface ServeFacts {
  /** `name@version`, or undefined where features were listed or the request was refused. */
  readonly service: string | undefined;
  readonly millis: number;
  /** Undefined for a request that was refused or failed. */
  readonly served: Served | undefined;
  /** Refused for what the caller may do, or for how much. */
  readonly refusal: 'forbidden' | 'throttled' | undefined;
  readonly statusCounts: ReadonlyMap<FeatureStatus, number>;
}

export interface OnlineFeaturesOptions {
  readonly repository: Repository;
  readonly rows: OnlineRows;
  readonly clock: Clock;
  readonly report: (facts: ServeFacts) => void;
  /** @default - answers are not logged */
  readonly servingLog?: ServingLog | undefined;
}

/** What is asked for, whatever form it came in. */
export interface ServeRequest {
  readonly plan: ServePlan;
  /** Per row, the values of the plan's keys. */
  readonly entities: readonly (readonly Value[])[];
  /** Per row, the encoded key of each entity of the plan. */
  readonly entityKeys: readonly (readonly string[])[];
  readonly request: readonly TransformInput[];
  readonly consistency: 'eventual' | 'strong';
}

/** One form of requests and answers. */
export interface ServeWire<TRequest extends ServeRequest> {
  /** Reads and checks a request by the plans that its caller may use; throws what the caller is to be told. */
  read(request: HttpRequest, plans: CallerPlans): TRequest;
  /** The body of the answer. */
  write(
    request: TRequest,
    served: Served,
    of: { readonly asOfMillis: number; readonly requestId: string },
  ): string | BinaryBody;
}

/** Longest that keys are retried: whoever waits longer for an online feature has given up. */
const readMillis = 3000;

/** Answers requests for features in one form: read, served at the instant they came, written; every one is reported, refused ones too. */
export function requestServer<TRequest extends ServeRequest>(
  options: OnlineFeaturesOptions,
  wire: ServeWire<TRequest>,
): (request: HttpRequest) => Promise<HttpResponse> {
  const plansOf = callerPlans(options.repository);
  return async (request) => {
    const startedAt = performance.now();
    let asked: TRequest | undefined;
    let served: Served | undefined;
    let refusal: ServeFacts['refusal'];
    try {
      const asOfMillis = options.clock();
      const plans = plansOf(request.principal.grants);
      asked = wire.read(request, plans);
      request.charge(asked.entityKeys.length * asked.plan.names.length);
      const mask = plans.maskOf(asked.plan);
      const readyAt = performance.now();
      const read = await serveFeatures(options.rows, {
        ...asked,
        asOfMillis,
        deadlineMillis: Math.min(request.deadlineMillis, asOfMillis + readMillis),
      });
      served = mask ? masked(read, mask) : read;
      const servedAt = performance.now();
      const { requestId } = request;
      const body = wire.write(asked, served, { asOfMillis, requestId });
      const { plan, entities, request: fields } = asked;
      options.servingLog?.({ plan, entities, request: fields, served, asOfMillis, requestId });
      const timings = {
        plan: readyAt - startedAt,
        store: read.storeMillis,
        values: servedAt - readyAt - read.storeMillis,
        write: performance.now() - servedAt,
      };
      return { ...bodyOf(body), timings, log: logFactsOf(asked, served) };
    } catch (error) {
      refusal = refusalOf(error);
      throw error;
    } finally {
      options.report({
        service: asked?.plan.service && viewId(asked.plan.service),
        millis: performance.now() - startedAt,
        served,
        refusal,
        statusCounts: served && asked ? countStatuses(asked.plan, served) : new Map(),
      });
    }
  };
}

const bodyOf = (body: string | BinaryBody): Pick<HttpResponse, 'body' | 'isBase64Encoded' | 'headers'> =>
  typeof body === 'string'
    ? { body }
    : { body: Buffer.from(body.bytes).toString('base64'), isBase64Encoded: true, headers: body.headers };

function refusalOf(error: unknown): ServeFacts['refusal'] {
  const kind = error instanceof TidemarkError ? error.kind : undefined;
  return kind === 'forbidden' || kind === 'throttled' ? kind : undefined;
}

function countStatuses(plan: ServePlan, served: Served): Map<FeatureStatus, number> {
  const counts = new Map<FeatureStatus, number>();
  const add = (status: FeatureStatus, count: number) => counts.set(status, (counts.get(status) ?? 0) + count);
  for (const { status } of served.rows)
    if (status === plan.allPresent) add('PRESENT', status.length);
    else for (const one of status) add(one, 1);
  return counts;
}

const logFactsOf = ({ plan }: ServeRequest, served: Served): NonNullable<HttpResponse['log']> => ({
  ...(plan.service ? { [logFields.service]: viewId(plan.service) } : {}),
  entities: served.rows.length,
  features: plan.names.length,
  reads: served.counts.reads,
  storeMillis: Math.round(served.storeMillis * 100) / 100,
  partial: served.partial,
});
