// F76: what a plan is compared with
import { expect, it } from 'vitest';
import { viewId } from '#spec/find.ts';
import { dependentsOf } from '#spec/impact.ts';
import { serveOverHttp } from '#test/unit/client/serve-over-http.ts';
import { repository } from '#test/unit/serve/shop.ts';
import { deployedUses } from '../../../cli/deploy/deployed-definitions.ts';

it('reads from the API the declarations that the manifest has, and the services that use them', async () => {
  const { url } = await serveOverHttp();
  const { manifest } = repository;
  const uses = await deployedUses({ apiUrl: url, apiToken: 'right' }, manifest.views.map(viewId));
  expect(uses.views).toEqual(JSON.parse(JSON.stringify(manifest.views)));
  expect(uses.services.map(viewId)).toContain('checkout@1');
  for (const view of manifest.views) {
    const names = view.features.map(({ name }) => name);
    expect(dependentsOf(uses, view, names), viewId(view)).toEqual(dependentsOf(manifest, view, names));
  }
  const [orders] = uses.views.filter(({ name }) => name === 'orders');
  expect(orders && dependentsOf(uses, orders, ['order_count']).services).toContain('checkout@1');
});
