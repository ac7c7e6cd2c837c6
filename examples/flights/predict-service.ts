import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type Client, createClient, type DeploymentOf, TidemarkProblem } from 'tidemark/client';
import type { delayModel } from './delay-model.ts';
import type * as entities from './entities.ts';
import type { flightRequest } from './sources.ts';

/**
 * A service that predicts with features of a deployment: POST /predict { carrier, origin, tailnum, distance } answers
 * { risk, degraded, reasons }. It always answers a flight that is well described: what is not known of it takes the value that the model has for
 * unknowns, and where no features can be had at all the risk is that of any flight. `degraded` tells.
 */
type Definitions = typeof entities & { delayModel: typeof delayModel; flightRequest: typeof flightRequest };
type FeaturesClient = Pick<Client<DeploymentOf<Definitions>>, 'onlineVectors'>;

/** A logistic regression. */
export interface DelayModel {
  /** Of the training set (`tidemark training-set show`): other vectors are refused. @default - any are taken */
  readonly vectorHash?: string;
  /** Share of flights that are late or cancelled. */
  readonly baseRate: number;
  readonly intercept: number;
  /** By feature: its weight, and what stands for it where it is not known. Features that are not listed do not count. */
  readonly weights: Readonly<Record<string, { readonly weight: number; readonly unknown: number }>>;
}

/** Weights in the order of what they do to a risk, rounded; good enough to show, not to plan by. */
export const roughModel: DelayModel = {
  baseRate: 0.24,
  intercept: -1.9,
  weights: {
    carrier_departures__mean_delay_1h: { weight: 0.012, unknown: 12 },
    carrier_departures__mean_delay_24h: { weight: 0.02, unknown: 12 },
    origin_departures__mean_delay_1h: { weight: 0.02, unknown: 12 },
    plane_departures__mean_delay_24h: { weight: 0.01, unknown: 12 },
    plane_history__mean_delay_90d: { weight: 0.01, unknown: 12 },
    flight_context__utc_hour: { weight: 0.01, unknown: 12 },
  },
};

interface Flight {
  readonly carrier: string;
  readonly origin: string;
  readonly tailnum: string;
  readonly distance: number;
}
export interface Prediction {
  /** In [0, 1]. */
  readonly risk: number;
  /** Something that the model weighs was not known. */
  readonly degraded: boolean;
  /** Features that were not known, or the code of the problem for which there were none. */
  readonly reasons: readonly string[];
}

/** Predicts with what can be had in 300 ms. Throws a TidemarkProblem where the request is wrong, or the model is not of these features (409). */
export async function predict(client: FeaturesClient, model: DelayModel, flight: Flight): Promise<Prediction> {
  const { distance, ...entity } = flight;
  try {
    const { names, rows } = await client.onlineVectors(
      {
        service: 'delay_model',
        entities: [entity],
        request: [{ distance }],
        ...(model.vectorHash === undefined ? {} : { vectorHash: model.vectorHash }),
      },
      { timeoutMillis: 300 },
    );
    const reasons: string[] = [];
    let score = model.intercept;
    for (const [index, name] of names.entries()) {
      const weighed = model.weights[name];
      if (!weighed) continue;
      const value = rows[0]?.vector[index] ?? Number.NaN;
      if (!Number.isFinite(value)) reasons.push(name);
      score += weighed.weight * (Number.isFinite(value) ? value : weighed.unknown);
    }
    return { risk: 1 / (1 + Math.exp(-score)), degraded: reasons.length > 0, reasons };
  } catch (error) {
    const isOurs = error instanceof TidemarkProblem && error.status >= 400 && error.status < 429;
    if (isOurs || !(error instanceof TidemarkProblem)) throw error;
    return { risk: model.baseRate, degraded: true, reasons: [error.code] };
  }
}

/** The service, not listening yet. */
export const predictService = (client: FeaturesClient, model: DelayModel): Server =>
  createServer(async (request, response) => {
    const { status, body } = await answer(client, model, request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });

async function answer(client: FeaturesClient, model: DelayModel, request: IncomingMessage) {
  if (request.method !== 'POST' || request.url !== '/predict') return { status: 404, body: { error: 'POST /predict' } };
  const flight = flightOf(await textOf(request));
  if (!flight)
    return {
      status: 400,
      body: { error: 'send carrier, origin and tailnum as texts, and distance as a whole number' },
    };
  try {
    return { status: 200, body: await predict(client, model, flight) };
  } catch (error) {
    const problem = error instanceof TidemarkProblem ? error : undefined;
    return { status: problem?.status === 400 ? 400 : 500, body: { error: problem?.detail ?? 'internal error' } };
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function flightOf(text: string): Flight | undefined {
  try {
    const { carrier, origin, tailnum, distance } = JSON.parse(text);
    const isFlight =
      [carrier, origin, tailnum].every((key) => typeof key === 'string') && Number.isSafeInteger(distance);
    return isFlight ? { carrier, origin, tailnum, distance } : undefined;
  } catch {
    return undefined; // not JSON, or null
  }
}

if (import.meta.main) {
  const [file = '.tidemark/local.json', port = '8090'] = process.argv.slice(2);
  const { apiUrl, apiToken } = JSON.parse(readFileSync(file, 'utf8'));
  const client = createClient<Definitions>({ url: apiUrl, token: apiToken, attemptMillis: 150 });
  predictService(client, roughModel).listen(Number(port), '127.0.0.1', () => {
    process.stderr.write(`POST http://127.0.0.1:${port}/predict\n`);
  });
}
