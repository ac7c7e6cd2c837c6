import { hash } from 'node:crypto';
import { headerOf, type ProxyEvent, type ProxyResult } from './proxy-event.ts';

/**
 * The answer with an ETag of its body, which clients may keep but must ask about; 304 without a body where the client has it already. What
 * a body is depends on who asks, and so does the tag.
 */
export function conditional(event: ProxyEvent, result: ProxyResult): ProxyResult {
  const etag = `"${hash('sha256', result.body, 'base64url').slice(0, 27)}"`;
  const headers = { ...result.headers, etag, 'cache-control': 'private, no-cache', vary: 'authorization' };
  const isKept = tagsOf(headerOf(event, 'if-none-match')).some((tag) => tag === etag || tag === '*');
  return isKept ? { statusCode: 304, headers, body: '' } : { ...result, headers };
}

/** Tags of If-None-Match, compared weakly as RFC 9110 asks. */
const tagsOf = (header: string | undefined): readonly string[] =>
  (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
