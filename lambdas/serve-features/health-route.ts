import type { Route } from '#lambdas/http/router.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { OnlineRows } from '#store/online-rows.ts';

/** An address that no row has: entity keys begin with a digit. */
export const probeAddress = { entityKey: 'health', viewId: 'health' };
const probeMillis = 1000;

/**
 * GET /v1/health, without a token: the function runs; with `?deep` also the online store answers (503 when it does not).
 * Names the definitions that are deployed by their hash.
 */
export const healthRoute = (manifest: Manifest, rows: OnlineRows): Route => ({
  method: 'GET',
  pattern: '/v1/health',
  anonymous: true,
  handle: async ({ query, deadlineMillis }) => {
    const isDeep = query.deep !== undefined && query.deep !== 'false';
    if (isDeep) await probe(rows, Math.min(deadlineMillis, Date.now() + probeMillis));
    return {
      body: JSON.stringify({ status: 'ok', definitionHash: manifest.hash, ...(isDeep ? { store: 'ok' } : {}) }),
    };
  },
});

async function probe(rows: OnlineRows, deadlineMillis: number): Promise<void> {
  const [outcome] = await rows.read([probeAddress], { deadlineMillis });
  if (outcome?.kind !== 'absent' && outcome?.kind !== 'found')
    throw new TidemarkError('serve.storeUnavailable', 'the online store does not answer', { kind: 'unavailable' });
}
