import type { Route } from '#lambdas/http/router.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { feastFeaturesRoute } from './feast/features-route.ts';
import { feastHealthRoute } from './feast/health-route.ts';
import { healthRoute } from './health-route.ts';
import { onlineFeaturesRoute } from './online-features-route.ts';
import { openApiRoute } from './open-api-route.ts';
import type { OnlineFeaturesOptions } from './request-server.ts';

/** All routes of the serving API. */
export function serveRoutes(options: OnlineFeaturesOptions): Route[] {
  const { manifest } = options.repository;
  return [
    onlineFeaturesRoute(options),
    healthRoute(manifest, options.rows),
    ...catalogRoutes(manifest),
    openApiRoute(manifest),
    feastFeaturesRoute(options),
    feastHealthRoute(),
  ];
}
