import type { Route } from '#lambdas/http/router.ts';

/** GET /health, without a token: 200 and no body, as Feast's own server. GET /v1/health tells more. */
export const feastHealthRoute = (): Route => ({
  method: 'GET',
  pattern: '/health',
  anonymous: true,
  handle: () => ({ body: '' }),
});
