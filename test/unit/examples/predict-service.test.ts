import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '#client/index.ts';
import { loadRepository } from '#define/node/load-repository.ts';
import { localServer } from '#test/unit/client/local-server.ts';
import { serveOverHttp } from '#test/unit/client/serve-over-http.ts';
import {
  type DelayModel,
  type Prediction,
  predictService,
  roughModel,
} from '../../../examples/flights/predict-service.ts';

const flight = { carrier: 'UA', origin: 'EWR', tailnum: 'N14228', distance: 1400 };

/** What the service answers that gets its features from `url`. */
async function predicted(url: string, body: unknown, model: DelayModel = roughModel) {
  const server = predictService(createClient({ url, token: 'right', attempts: 2, backoffMillis: 1 }), model);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens
  const response = await fetch(`http://127.0.0.1:${port}/predict`, { method: 'POST', body: JSON.stringify(body) });
  const answer = (await response.json()) as Prediction & { readonly error?: string }; // what the service documents
  return { status: response.status, ...answer };
}
const flightsApi = async () => serveOverHttp((await loadRepository('examples/flights')).repository);

describe('the predict service', () => {
  it('answers a flight of which nothing is stored with what its model has for unknowns, and says so', async () => {
    const { url } = await flightsApi();
    const { status, degraded, reasons, risk } = await predicted(url, { ...flight, tailnum: 'nobody' });
    expect([status, degraded]).toEqual([200, true]);
    expect(reasons).toContain('plane_history__mean_delay_90d');
    expect(reasons).not.toContain('flight_context__utc_hour'); // of the request alone
    expect([risk > 0, risk < 1]).toEqual([true, true]);
  });

  it('is not degraded where all that the model weighs is known', async () => {
    const { url } = await flightsApi();
    const weights = { flight_context__utc_hour: { weight: 1, unknown: 0 } };
    const answer = await predicted(url, flight, { baseRate: 0, intercept: -8, weights });
    expect(answer).toEqual({ status: 200, risk: 0.5, degraded: false, reasons: [] }); // it is 08:53
  });

  it.each([
    ['refuses for now', { status: 503, body: '{}' }, 'client.badAnswer'],
    ['breaks', undefined, 'client.network'],
  ])('answers with the risk of any flight where the feature store %s', async (_, answer, code) => {
    const { url } = await localServer(async () => answer);
    expect(await predicted(url, flight)).toEqual({
      status: 200,
      risk: roughModel.baseRate,
      degraded: true,
      reasons: [code],
    });
  });

  it('does so within half a second where the feature store does not answer', async () => {
    const { url } = await localServer(() => new Promise(() => undefined));
    expect(await predicted(url, flight)).toMatchObject({ status: 200, degraded: true, reasons: ['client.timeout'] });
  });

  it('predicts nothing with a model that was trained on other features', async () => {
    const { url } = await flightsApi();
    const { status, error } = await predicted(url, flight, { ...roughModel, vectorHash: '0'.repeat(64) });
    expect([status, error]).toEqual([500, expect.stringContaining('delay_model@1')]);
  });

  it.each([{}, { ...flight, distance: 'far' }, null, [1]])('answers %j with 400', async (body) => {
    const { url } = await flightsApi();
    expect((await predicted(url, body)).status).toBe(400);
  });
});
