import { TidemarkError } from '#spec/errors.ts';
import { headerOf, type ProxyEvent } from './proxy-event.ts';

/** Ids that may stand in logs, headers and URNs as they are. */
const saneId = /^[\w.:-]{1,128}$/;

/** The client's `x-request-id` where it is sane, else API Gateway's, else Lambda's. */
export function requestIdOf(event: ProxyEvent, context: { readonly awsRequestId?: string }): string {
  const given = headerOf(event, 'x-request-id');
  if (given !== undefined && saneId.test(given)) return given;
  return event.requestContext?.requestId ?? context.awsRequestId ?? 'unknown';
}

/** version, trace id, parent id, flags; no id is all zeros, and version ff is none (W3C Trace Context). */
const traceParent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The client's W3C `traceparent` as it came, and the trace's id in it; undefined where there is none or it is malformed. */
export function traceOf(event: ProxyEvent): { readonly header: string; readonly traceId: string } | undefined {
  const header = headerOf(event, 'traceparent');
  const traceId = header === undefined ? undefined : traceParent.exec(header)?.[1];
  return header === undefined || traceId === undefined ? undefined : { header, traceId };
}

/** How long the client waits for its answer: a header whose value is whole milliseconds from the request's arrival. */
export const deadlineHeader = 'x-tidemark-deadline-ms';
const longestMillis = 60_000;

/** Epoch milliseconds until which the client waits; undefined where it does not say. Throws http.badDeadline. */
export function clientDeadline(event: ProxyEvent, nowMillis: number): number | undefined {
  const text = headerOf(event, deadlineHeader);
  if (text === undefined) return undefined;
  const millis = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (millis >= 1 && millis <= longestMillis) return nowMillis + millis;
  throw new TidemarkError(
    'http.badDeadline',
    `the header ${deadlineHeader} must be whole milliseconds from 1 to ${longestMillis}, got ${JSON.stringify(text.slice(0, 20))}`,
  );
}
