import type { Route } from '#lambdas/http/router.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { healthRoute } from './health-route.ts';
import { type OnlineFeaturesOptions, onlineFeaturesRoute } from './online-features-route.ts';
import { openApiRoute } from './open-api-route.ts';

/** All routes of the serving API. */
export function serveRoutes(options: OnlineFeaturesOptions): Route[] {
  const { manifest } = options.repository;
  return [
    onlineFeaturesRoute(options),
    healthRoute(manifest, options.rows),
    ...catalogRoutes(manifest),
    openApiRoute(manifest),
  ];
}
