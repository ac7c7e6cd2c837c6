import { decode } from '@msgpack/msgpack';
import { beforeAll, describe, expect, it } from 'vitest';
import { createClient, TidemarkProblem } from '#client/index.ts';
import { listTrainingSets } from '#engine/training-set/datasets.ts';
import type * as model from '../../examples/flights/delay-model.ts';
import type * as live from '../../examples/flights/departures-live.ts';
import type * as entities from '../../examples/flights/entities.ts';
import type * as sources from '../../examples/flights/sources.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';

type Definitions = typeof model & typeof live & typeof entities & typeof sources;

let flights: DeployedFlights;
beforeAll(async () => {
  flights = await deployedFlights();
});

const clientOf = ({ target }: DeployedFlights, token = target.apiToken) =>
  createClient<Definitions>({ url: target.apiUrl, token, attemptMillis: 10_000, timeoutMillis: 30_000 });
const request = {
  service: 'delay_model',
  entities: [
    { carrier: 'UA', origin: 'EWR', tailnum: 'N14228' },
    { carrier: 'UA', origin: 'EWR', tailnum: 'nobody' },
  ],
  request: [{ distance: 1400 }],
} as const;

describe('the TypeScript client against a deployment', () => {
  it('reads the same values by row, by column, as vectors and as a matrix', async () => {
    const client = clientOf(flights);
    const { rows, names } = await client.onlineFeatures({ ...request, eventTimes: true });
    const [known, unknown] = rows;
    expect(typeof known?.values.carrier_departures__departures_24h).toBe('bigint');
    expect(known?.eventTimes?.carrier_departures__departures_24h).toBeInstanceOf(Date);
    expect(known?.status.plane_model__seats).toBe('PRESENT');
    expect([unknown?.values.plane_model__seats, unknown?.status.plane_model__seats]).toEqual([null, 'MISSING']);

    const { columns } = await client.onlineColumns(request);
    for (const name of names) expect([name, columns[name][1]]).toEqual([name, unknown?.values[name]]);

    const { target } = flights;
    const response = await fetch(`${target.apiUrl}/v1/online-features`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${target.apiToken}`,
        accept: 'application/msgpack',
        'content-type': 'application/json',
      },
      body: JSON.stringify(request),
    });
    expect(response.headers.get('content-type')).toBe('application/msgpack');
    const packed = decode(await response.arrayBuffer(), { useBigInt64: true });
    expect(packed).toMatchObject({ names, rows: [{}, { values: names.map((name) => unknown?.values[name]) }] });

    const vectors = await client.onlineVectors({ ...request, fill: 0 });
    const matrix = await client.onlineMatrix({ ...request, fill: 0 });
    expect(matrix.shape).toEqual([2, names.length]);
    expect([...matrix.data]).toEqual(vectors.rows.flatMap(({ vector }) => vector));
    expect(matrix.meta.vectorHash).toBe(vectors.meta.vectorHash);
  });

  it('serves what a training set was made of, by its vector hash, and refuses what was not', async () => {
    const client = clientOf(flights);
    const datasets = await listTrainingSets(flights.connections.objects);
    const built = datasets.find(
      ({ service, asOfMillis }) => service?.name === 'delay_model' && asOfMillis === undefined,
    );
    const { vectorHash, files } = await client.awaitTrainingSet(built?.id ?? '');
    expect(vectorHash).toBe(built?.vectorHash);
    expect(files.length).toBeGreaterThan(0);
    expect((await client.featureService('delay_model@1')).vectorHash).toBe(vectorHash);
    await client.onlineVectors({ ...request, vectorHash: vectorHash ?? '' });
    const other = client.onlineVectors({ ...request, fill: 0, vectorHash: vectorHash ?? '' });
    await expect(other).rejects.toMatchObject({ status: 409, code: 'serve.vectorMismatch' });
  });

  it('pushes events, each with an outcome of its own, and tells a wrong token', async () => {
    const answer = await clientOf(flights).push('departure_events', [{ carrier: 'UA', flight_id: null }]);
    expect(answer).toMatchObject({ rejected: 1, accepted: 0, results: [{ status: 'rejected' }] });
    await expect(clientOf(flights, 'wrong').featureViews()).rejects.toBeInstanceOf(TidemarkProblem);
  });
});
