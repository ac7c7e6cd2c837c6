import type { Route } from '#lambdas/http/router.ts';
import type { Manifest } from '#spec/manifest.ts';
import { openApiDocument } from './open-api.ts';

/** GET /v1/openapi.json: written once per function instance, at the first request for it. */
export function openApiRoute(manifest: Manifest): Route {
  let text: string | undefined;
  return {
    method: 'GET',
    pattern: '/v1/openapi.json',
    handle: () => {
      text ??= JSON.stringify(openApiDocument(manifest));
      return { body: text };
    },
  };
}
