import type { Grants } from '#engine/access/grants.ts';
import { seenBy } from '#engine/access/seen.ts';
import type { Route } from '#lambdas/http/router.ts';
import type { Manifest } from '#spec/manifest.ts';
import { openApiDocument } from './open-api.ts';

/** GET /v1/openapi.json: what the caller may use, written once for each set of rights in a function instance. */
export function openApiRoute(manifest: Manifest): Route {
  const texts = new WeakMap<Grants, string>();
  return {
    method: 'GET',
    pattern: '/v1/openapi.json',
    handle: ({ principal: { grants } }) => {
      const body = texts.get(grants) ?? JSON.stringify(openApiDocument(manifest, seenBy(manifest, grants)));
      texts.set(grants, body);
      return { body, isMetadata: true };
    },
  };
}
