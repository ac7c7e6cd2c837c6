import { answerObject, jsonOf } from './answer-json.ts';
import { type ServiceDescription, serviceDescription, type ViewDescription, viewDescription } from './catalog.ts';
import type { DeploymentOf } from './definitions.ts';
import {
  type OnlineColumns,
  type OnlineRows,
  type OnlineVectors,
  onlineColumns,
  onlineRows,
  onlineVectors,
} from './online-answer.ts';
import { type OnlineMatrix, onlineMatrix } from './online-matrix.ts';
import type {
  AnyRequest,
  FeatureRef,
  ReadOptions,
  RefFeatures,
  RefsRequest,
  ServiceFeatures,
  ServiceName,
  ServiceRequest,
  VectorOptions,
} from './online-request.ts';
import { type PushAnswer, pushAnswer } from './push.ts';
import {
  awaitTrainingSet,
  type TrainingSet,
  type TrainingSetRequest,
  trainingSet,
  type WaitOptions,
} from './training-sets.ts';
import { type CallOptions, type ClientOptions, transport } from './transport.ts';
import type { AnyDeployment, Deployment, EventOf } from './types.ts';
import { bodyText } from './values.ts';

/** Talks to one deployment. Every method throws TidemarkProblem, or the reason of the signal that ended it. */
export interface Client<TDeployment extends Deployment> {
  /** Values of up to 100 entities at one instant, as objects by result name. */
  onlineFeatures<const TRef extends FeatureRef<TDeployment>>(
    request: RefsRequest<TDeployment, TRef> & RowOptions,
    options?: CallOptions,
  ): Promise<OnlineRows<RefFeatures<TDeployment, TRef>>>;
  onlineFeatures<TService extends ServiceName<TDeployment>>(
    request: ServiceRequest<TDeployment, TService> & RowOptions,
    options?: CallOptions,
  ): Promise<OnlineRows<ServiceFeatures<TDeployment, TService>>>;
  /** The same values as a list for each feature. */
  onlineColumns<const TRef extends FeatureRef<TDeployment>>(
    request: RefsRequest<TDeployment, TRef> & ReadOptions,
    options?: CallOptions,
  ): Promise<OnlineColumns<RefFeatures<TDeployment, TRef>>>;
  onlineColumns<TService extends ServiceName<TDeployment>>(
    request: ServiceRequest<TDeployment, TService> & ReadOptions,
    options?: CallOptions,
  ): Promise<OnlineColumns<ServiceFeatures<TDeployment, TService>>>;
  /** Vectors of numbers in the order of the service, for a model. Refused where a feature is neither numeric nor bool. */
  readonly onlineVectors: ReadVectors<TDeployment, VectorOptions, OnlineVectors>;
  /** The vectors of all entities as one matrix of numbers. */
  readonly onlineMatrix: ReadVectors<TDeployment, MatrixOptions, OnlineMatrix>;
  /**
   * Puts 1 to 500 events into the stream of a source; each has an outcome of its own. Not sent again where nobody knows whether it was received: where
   * the source deduplicates (`delivery`), push the same events again.
   */
  push<TSource extends keyof TDeployment['sources'] & string>(
    source: TSource,
    events: readonly EventOf<TDeployment['sources'][TSource]>[],
    options?: CallOptions,
  ): Promise<PushAnswer>;
  /** Starts a training set over a spine file. */
  createTrainingSet(
    request: TrainingSetRequest<ServiceName<TDeployment>, FeatureRef<TDeployment>>,
    options?: CallOptions,
  ): Promise<TrainingSet>;
  trainingSet(id: string, options?: CallOptions): Promise<TrainingSet>;
  /** Waits until it is complete. Throws the problem that it failed with. */
  awaitTrainingSet(id: string, options?: WaitOptions): Promise<TrainingSet>;
  featureViews(options?: CallOptions): Promise<readonly ViewDescription[]>;
  featureService(name: ServiceName<TDeployment>, options?: CallOptions): Promise<ServiceDescription>;
}

/** Of a service, or of listed features; the answer has the same type for all. */
interface ReadVectors<TDeployment extends Deployment, TOptions, TAnswer> {
  <const TRef extends FeatureRef<TDeployment>>(
    request: RefsRequest<TDeployment, TRef> & TOptions,
    options?: CallOptions,
  ): Promise<TAnswer>;
  <TService extends ServiceName<TDeployment>>(
    request: ServiceRequest<TDeployment, TService> & TOptions,
    options?: CallOptions,
  ): Promise<TAnswer>;
}

interface RowOptions extends ReadOptions {
  /** Also when each value happened. @default false */
  readonly eventTimes?: boolean;
}

interface MatrixOptions extends VectorOptions {
  /** @default 'float64' */
  readonly dtype?: 'float64' | 'float32';
}

/** The client of what definitions, or a generated file, say. */
type ClientOf<TDefinitions> =
  DeploymentOf<TDefinitions> extends infer TDeployment extends Deployment ? Client<TDeployment> : never;

/**
 * A client of the deployment at `options.url`. Typed by definitions (`createClient<typeof definitions>`, of a type-only import), or by the file
 * that `tidemark codegen` writes; without either every name goes and values are unknown.
 */
export const createClient = <TDefinitions = AnyDeployment>(options: ClientOptions): ClientOf<TDefinitions> =>
  // Types are the caller's word: answers name the types of their values, and are read by those.
  anyClient(options) as unknown as ClientOf<TDefinitions>;

function anyClient(options: ClientOptions): Client<AnyDeployment> {
  const send = transport(options);
  const get = async (path: string, call: CallOptions = {}): Promise<unknown> =>
    jsonOf(await send({ method: 'GET', path, isRepeatable: true, options: call }));
  const read = async (body: object, call: CallOptions = {}): Promise<unknown> =>
    jsonOf(await send({ ...readCall(body), options: call }));
  const ask = async (id: string, call?: CallOptions): Promise<TrainingSet> =>
    trainingSet(await get(`/v1/training-sets/${encodeURIComponent(id)}`, call));
  return {
    onlineFeatures: async ({ eventTimes, ...request }: AnyRequest, call?: CallOptions) =>
      onlineRows(await read({ ...request, ...typed(eventTimes) }, call)),
    onlineColumns: async (request: AnyRequest, call?: CallOptions) =>
      onlineColumns(await read({ ...request, ...typed(), format: 'columns' }, call)),
    onlineVectors: async (request: AnyRequest, call?: CallOptions) =>
      onlineVectors(await read({ ...request, format: 'vector' }, call)),
    onlineMatrix: async (request: AnyRequest, call: CallOptions = {}) =>
      onlineMatrix(await send({ ...readCall(request), accept: 'application/x-npy', options: call })),
    push: async (source, events, call = {}) => {
      const path = `/v1/push/${encodeURIComponent(source)}`;
      const body = bodyText({ events });
      return pushAnswer(await jsonOf(await send({ method: 'POST', path, body, isRepeatable: false, options: call })));
    },
    createTrainingSet: async (request, call = {}) => {
      const body = bodyText(request);
      const path = '/v1/training-sets';
      return trainingSet(await jsonOf(await send({ method: 'POST', path, body, isRepeatable: false, options: call })));
    },
    trainingSet: ask,
    awaitTrainingSet: (id, waiting = {}) => awaitTrainingSet(() => ask(id, waiting), waiting),
    featureViews: async (call) =>
      answerObject(await get('/v1/feature-views', call))
        .list('views')
        .map(viewDescription),
    featureService: async (name, call) =>
      serviceDescription(await get(`/v1/feature-services/${encodeURIComponent(name)}`, call)),
  };
}

const readCall = (body: object) =>
  ({ method: 'POST', path: '/v1/online-features', body: bodyText(body), isRepeatable: true }) as const;

/** What it takes to read values by their types, int64 to its last digit. */
const typed = (eventTimes = false) => ({
  metadata: ['status', 'type', ...(eventTimes ? ['eventTime'] : [])],
  int64: 'string',
});
