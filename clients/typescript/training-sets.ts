import { answerObject } from './answer-json.ts';
import { clientProblem, TidemarkProblem } from './problem.ts';
import { type CallOptions, wait } from './transport.ts';

/** Body of POST /v1/training-sets; docs/http-api.md says what each member means. */
export interface TrainingSetRequest<TService extends string, TRef extends string> {
  /** Names the dataset, so that a request that is sent twice builds it once. @default - the server names it */
  readonly id?: string;
  /** s3:// URI or key of a Parquet or CSV file in the deployment's bucket. */
  readonly spine: string;
  readonly service?: TService;
  readonly features?: readonly TRef[];
  readonly mode?: 'asServed' | 'eventTime' | 'knowledgeTime';
  /** `2h`, `30m`, `1d`, or milliseconds. */
  readonly lag?: string | number;
  readonly eventTimeColumn?: string;
  readonly label?: string;
  readonly split?: {
    readonly time?: readonly string[];
    readonly hash?: readonly number[];
    readonly by?: string;
    readonly seed?: number;
  };
  readonly sample?: { readonly share: number; readonly by?: string; readonly seed?: number };
  readonly fileRows?: number;
  readonly format?: 'parquet' | 'csv';
  readonly asOf?: string;
}

export interface TrainingSetFile {
  readonly name: string;
  /** Reads the file without a token, for an hour at most. */
  readonly url: string;
  readonly sizeBytes: number;
  readonly rows: number;
}
export interface TrainingSet {
  readonly id: string;
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed';
  readonly step: string | undefined;
  /** Why it failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** In row order; empty while there are none, and of a dataset of more than 1,000 files. */
  readonly files: readonly TrainingSetFile[];
  /** What the dataset is, once it is complete: as docs/http-api.md says. */
  readonly dataset: Readonly<Record<string, unknown>> | undefined;
  /** Send it when serving what was trained on this dataset. */
  readonly vectorHash: string | undefined;
}

export function trainingSet(json: unknown): TrainingSet {
  const answer = answerObject(json);
  const [step, error, files, dataset] = ['step', 'error', 'files', 'dataset'].map((name) => answer.optional(name));
  const hash = dataset === undefined ? undefined : answerObject(dataset).optional('vectorHash');
  return {
    id: answer.text('id'),
    status: statusOf(answer.text('status')),
    step: typeof step === 'string' ? step : undefined,
    error: error === undefined ? undefined : failureOf(error),
    files: Array.isArray(files) ? files.map(fileOf) : [],
    dataset: dataset === undefined ? undefined : { ...(dataset as Readonly<Record<string, unknown>>) }, // an object: it had readable members
    vectorHash: typeof hash === 'string' ? hash : undefined,
  };
}

const statusOf = (text: string): TrainingSet['status'] =>
  text === 'queued' || text === 'succeeded' || text === 'failed' ? text : 'running';

const failureOf = (json: unknown) => {
  const error = answerObject(json);
  return { code: error.text('code'), message: error.text('message') };
};

function fileOf(json: unknown): TrainingSetFile {
  const file = answerObject(json);
  const [sizeBytes, rows] = ['sizeBytes', 'rows'].map((name) => Number(file.optional(name)));
  return { name: file.text('name'), url: file.text('url'), sizeBytes: sizeBytes ?? 0, rows: rows ?? 0 };
}

export interface WaitOptions extends CallOptions {
  /** Between two questions, in milliseconds. @default 2000 */
  readonly pollMillis?: number;
  /** Longest wait in all, in milliseconds. @default 1 hour */
  readonly patienceMillis?: number;
}

/** Asks until a training set is complete. Throws a TidemarkProblem with the code of its failure, or client.timeout. */
export async function awaitTrainingSet(
  ask: () => Promise<TrainingSet>,
  { pollMillis = 2000, patienceMillis = 3_600_000, signal }: WaitOptions,
): Promise<TrainingSet> {
  const endMillis = Date.now() + patienceMillis;
  for (;;) {
    const set = await ask();
    if (set.status === 'succeeded') return set;
    if (set.status === 'failed')
      throw new TidemarkProblem({
        code: set.error?.code ?? 'trainingSet.failed',
        status: 200,
        title: 'Training set failed',
        detail: set.error?.message ?? `training set ${set.id} failed`,
        requestId: undefined,
        errors: [],
        retryAfterMillis: undefined,
      });
    if (Date.now() + pollMillis > endMillis)
      throw clientProblem('client.timeout', `training set ${set.id} is still ${set.status} (${set.step ?? 'no step'})`);
    await wait(pollMillis, signal);
  }
}
