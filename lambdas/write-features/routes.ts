import type { Route } from '#lambdas/http/router.ts';
import { feastMaterializeRoutes, type MaterializePorts } from './materialize-routes.ts';
import { feastPushRoute } from './push-route.ts';
import { feastWriteRoute } from './write-route.ts';
import type { WritePorts } from './write-rows.ts';

/** Feast's routes that write. */
export const writeRoutes = (ports: WritePorts & MaterializePorts): Route[] => [
  feastPushRoute(ports),
  feastWriteRoute(ports),
  ...feastMaterializeRoutes(ports),
];
