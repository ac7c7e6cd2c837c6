import type { MiddlewareObj } from '@middy/core';
import { grantsByRoles, type Principal } from '#engine/access/grants.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Identify } from './identity/identify.ts';
import { addLogFacts } from './observe.ts';
import type { ProxyEvent, ProxyResult } from './proxy-event.ts';
import type { Router } from './router.ts';

/** Whoever calls a route that needs no token. */
const anonymous: Principal = { id: 'anonymous', grants: grantsByRoles(undefined)([]) };

/** Who a request comes from, and how long it took to tell. */
interface Authenticated {
  readonly principal: Principal;
  readonly millis: number;
}

/** Of requests that have passed; kept beside the event because middy hands handlers nothing else. */
const passed = new WeakMap<ProxyEvent, Authenticated>();
export const authenticated = (event: ProxyEvent): Authenticated =>
  passed.get(event) ?? { principal: anonymous, millis: 0 };

/** Tells who a request comes from before anything else is looked at, anonymous routes apart; throws what `identify` throws. */
export function authenticate(router: Router, identify: Identify): MiddlewareObj<ProxyEvent, ProxyResult> {
  return {
    before: async ({ event }) => {
      const match = router(event.httpMethod, event.path);
      if (match.kind === 'route' && match.route.anonymous === true) return;
      const startedAt = performance.now();
      const principal = await identify(event);
      passed.set(event, { principal, millis: performance.now() - startedAt });
      addLogFacts(event, { [logFields.principal]: principal.id });
    },
  };
}
