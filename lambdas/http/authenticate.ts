import type { MiddlewareObj } from '@middy/core';
import { TidemarkError } from '#spec/errors.ts';
import { headerOf, type ProxyEvent, type ProxyResult } from './proxy-event.ts';
import type { Router } from './router.ts';
import type { TokenCheck } from './token-check.ts';

const refused = (message: string): TidemarkError =>
  new TidemarkError('http.unauthorized', message, { kind: 'unauthorized' });

/** Lets a request through when its route is anonymous or it carries the deployment's token; throws http.unauthorized. */
export function authenticate(router: Router, checkToken: TokenCheck): MiddlewareObj<ProxyEvent, ProxyResult> {
  return {
    before: async ({ event }) => {
      const match = router(event.httpMethod, event.path);
      if (match.kind === 'route' && match.route.anonymous === true) return;
      const header = headerOf(event, 'authorization');
      if (header === undefined) throw refused('no token; send the header "Authorization: Bearer <token>"');
      const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
      if (token === undefined) throw refused('the Authorization header has another form; send "Bearer <token>"');
      if (!(await checkToken(token))) throw refused('the token is not valid for this deployment');
    },
  };
}
