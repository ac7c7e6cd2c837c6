import { describe, expect, it } from 'vitest';
import { planFeatures } from '#engine/feature-plan.ts';
import { filledVectorHash, vectorHashOf } from '#engine/vector-hash.ts';
import type { Manifest } from '#spec/manifest.ts';
import { serveApi } from './serve-api.ts';
import { repository } from './shop.ts';

const { manifest } = repository;
const request = { format: 'vector', service: 'checkout', entities: [{ customer_id: 1 }] };
const basket = { amount: 30, voucher: 1, sizes: [1] };
const asked = { ...request, request: [basket] };
const hashOf = (of: Manifest, service = 'checkout'): string => vectorHashOf(planFeatures(of, { service }));

const withFeatures = (change: (features: Manifest['services'][number]['features']) => typeof features): Manifest => ({
  ...manifest,
  services: manifest.services.map((service) => ({ ...service, features: change(service.features) })),
});
const redefined = (name: string): Manifest => ({
  ...manifest,
  views: manifest.views.map((view) => (view.name === name ? { ...view, definitionHash: 'f'.repeat(64) } : view)),
});

describe('a vector hash', () => {
  it('is another where the order, a name or a definition behind the features is', () => {
    const others = [
      withFeatures((features) => features.toReversed()),
      withFeatures((features) => features.map((feature) => ({ ...feature, name: `${feature.name}_2` }))),
      redefined('risk'),
      redefined('orders'),
    ].map((changed) => hashOf(changed));
    expect(new Set([hashOf(manifest), ...others]).size).toBe(5);
  });

  it('is the same where only views that the service does not read are defined anew', () => {
    expect(hashOf(redefined('everything'))).toBe(hashOf(manifest));
  });

  it('is the same where its features are listed instead, under the same names', () => {
    const features = ['lane_stats:minutes', 'orders:spend'];
    const named = withFeatures((all) => all.map((item) => ({ ...item, name: `${item.view}__${item.feature}` })));
    expect(vectorHashOf(planFeatures(named, { features }))).toBe(hashOf(named, 'lanes'));
  });

  it('stands in the answer, with the fill counted in, and in the catalog without', async () => {
    const api = serveApi();
    const hashIn = async (body: object): Promise<string> => JSON.parse((await api.post(body)).body).meta.vectorHash;
    expect(await hashIn(asked)).toBe(hashOf(manifest));
    expect(await hashIn({ ...asked, fill: -0 })).toBe(filledVectorHash(hashOf(manifest), 0));
    expect(await hashIn({ ...asked, fill: 0 })).not.toBe(hashOf(manifest));
    expect(await hashIn({ ...asked, fill: 0 })).not.toBe(await hashIn({ ...asked, fill: 1 }));
    expect(await hashIn({ ...asked, format: 'rows' })).toBeUndefined();
    const { body } = await api.call('GET', '/v1/feature-services/checkout');
    expect(JSON.parse(body).vectorHash).toBe(hashOf(manifest));
  });
});

describe('a request that says what its model was trained on', () => {
  it('is answered where that is what is served, in every format', async () => {
    const api = serveApi();
    const vectorHash = hashOf(manifest);
    for (const format of ['rows', 'columns', 'vector'])
      expect((await api.post({ ...asked, format, vectorHash })).statusCode).toBe(200);
    const filled = { ...asked, fill: 0, vectorHash: filledVectorHash(vectorHash, 0) };
    expect((await api.post(filled)).statusCode).toBe(200);
  });

  it('is refused with 409 and both hashes where it is not, before anything is read', async () => {
    const api = serveApi();
    const vectorHash = hashOf(manifest);
    for (const body of [
      { ...asked, vectorHash: '0'.repeat(64) },
      { ...asked, vectorHash, fill: 0 },
    ]) {
      const result = await api.post(body);
      const { code, detail } = JSON.parse(result.body);
      expect([result.statusCode, code]).toEqual([409, 'serve.vectorMismatch']);
      expect(detail).toContain(body.vectorHash);
      expect(detail).toContain('checkout@1');
    }
    expect(api.rows.asked).toEqual([]);
  });

  it('is refused with 400 where it is no such hash', async () => {
    const { statusCode, body } = await serveApi().post({ ...asked, vectorHash: 'abc' });
    expect([statusCode, JSON.parse(body).errors[0].pointer]).toEqual([400, '/vectorHash']);
  });
});
