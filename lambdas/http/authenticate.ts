import type { MiddlewareObj } from '@middy/core';
import { grantsByRoles, type Principal } from '#engine/access/grants.ts';
import type { Identify } from './identity/identify.ts';
import { addLogFacts } from './observe.ts';
import type { ProxyEvent, ProxyResult } from './proxy-event.ts';
import type { Router } from './router.ts';

/** Whoever calls a route that needs no token. */
const anonymous: Principal = { id: 'anonymous', grants: grantsByRoles(undefined)([]) };

/** Principals of requests that have passed; kept beside the event because middy hands handlers nothing else. */
const principals = new WeakMap<ProxyEvent, Principal>();
export const principalOf = (event: ProxyEvent): Principal => principals.get(event) ?? anonymous;

/** Tells who a request comes from before anything else is looked at, anonymous routes apart; throws what `identify` throws. */
export function authenticate(router: Router, identify: Identify): MiddlewareObj<ProxyEvent, ProxyResult> {
  return {
    before: async ({ event }) => {
      const match = router(event.httpMethod, event.path);
      if (match.kind === 'route' && match.route.anonymous === true) return;
      const principal = await identify(event);
      principals.set(event, principal);
      addLogFacts(event, { principal: principal.id });
    },
  };
}
