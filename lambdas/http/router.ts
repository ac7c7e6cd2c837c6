import type { Principal } from '#engine/access/grants.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { ProxyResult } from './proxy-event.ts';

/** A request as a route sees it. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** Values of the pattern's `{parts}`, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The body's text, '' when there is none. */
  readonly body: string;
  /** What the caller would like to be answered: its Accept header. */
  readonly accept: string | undefined;
  readonly requestId: string;
  /** Who asks: a route that gives or takes data decides by its grants. */
  readonly principal: Principal;
  /** Takes units of work (entity-features, events) out of the caller's limit; throws access.throttled or access.overBurst. */
  readonly charge: (units: number) => void;
  /** Epoch milliseconds by which the answer must be ready. */
  readonly deadlineMillis: number;
}

export interface HttpResponse {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text, or bytes in base64. */
  readonly body: string;
  /** @default false */
  readonly isBase64Encoded?: boolean;
  /** The answer changes with deployments only: it gets an ETag, and a client that has it already is answered 304. @default false */
  readonly isMetadata?: boolean;
  /** Milliseconds that parts of the work took, for callers who may see them. */
  readonly timings?: Readonly<Record<string, number>>;
  /** Members of the request's log line: counts, never values or keys. */
  readonly log?: Readonly<Record<string, number | string | boolean>>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/v1/feature-views/{name}`: a part in braces matches one path segment. */
  readonly pattern: string;
  /** Needs no token. @default false */
  readonly anonymous?: boolean;
  /** Longest body taken, in UTF-8 bytes. @default 1 MiB */
  readonly maxBodyBytes?: number;
  /** How its errors are answered, refused tokens among them. @default - problem+json */
  readonly answerProblem?: (error: unknown, requestId: string) => ProxyResult;
  handle(request: HttpRequest): Promise<HttpResponse> | HttpResponse;
}

/** What a method and path lead to; `allow` lists the methods of a path that exists. */
export type Match =
  | { readonly kind: 'route'; readonly route: Route; readonly parameters: Readonly<Record<string, string>> }
  | { readonly kind: 'wrongMethod'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' };

/** Finds the route of a method and path. A slash at the end of the path is ignored. */
export type Router = (method: string, path: string) => Match;

export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map((route) => ({ route, segments: segmentsOf(route.pattern) }));
  return (method, path) => {
    const segments = segmentsOf(path);
    const allow: string[] = [];
    for (const candidate of compiled) {
      const parameters = matchSegments(candidate.segments, segments);
      if (!parameters) continue;
      if (candidate.route.method === method) return { kind: 'route', route: candidate.route, parameters };
      allow.push(candidate.route.method);
    }
    return allow.length > 0 ? { kind: 'wrongMethod', allow } : { kind: 'unknown' };
  };
}

/** The route of a match; throws http.unknownRoute or http.methodNotAllowed. */
export function routeOf(match: Match, method: string, path: string) {
  if (match.kind === 'route') return match;
  if (match.kind === 'unknown')
    throw new TidemarkError('http.unknownRoute', `no route ${JSON.stringify(path)}; see GET /v1/openapi.json`, {
      kind: 'notFound',
    });
  const allow = match.allow.join(', ');
  throw new TidemarkError('http.methodNotAllowed', `${method} is not allowed on ${path}; use ${allow}`, {
    details: { allow },
  });
}

const segmentsOf = (path: string): readonly string[] => path.replace(/^\/+|\/+$/g, '').split('/');

function matchSegments(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = path[index] ?? '';
    if (part.startsWith('{')) parameters[part.slice(1, -1)] = decode(segment);
    else if (part !== segment) return undefined;
  }
  return parameters;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // a stray % is no name of anything: the route answers 404
  }
}
