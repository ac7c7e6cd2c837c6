import { refused } from '#engine/access/reach-features.ts';
import { eventPusher, type PushResult } from '#engine/ingest/push-events.ts';
import { fieldErrorsOf, invalidRequest } from '#lambdas/http/field-errors.ts';
import { checkBody, jsonBody } from '#lambdas/http/json-body.ts';
import type { HttpResponse, Route } from '#lambdas/http/router.ts';
import { logFields } from '#observe/log-fields.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findStreamSource } from '#spec/find.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import type { EventStream } from '#store/event-stream.ts';
import { maximumPushBytes, type PushResponse, pushRequestSchema, visibleWithinMillis } from './event.ts';

/** Facts of one answered push, for metrics: counts. */
export interface PushFacts {
  readonly source: string;
  readonly accepted: number;
  readonly rejected: number;
  readonly failed: number;
}

export interface PushRouteOptions {
  readonly manifest: Manifest;
  /** The stream of a source of the manifest. */
  readonly streamOf: (source: string) => EventStream;
  readonly clock: Clock;
  readonly report: (facts: PushFacts) => void;
}

type Push = ReturnType<typeof eventPusher>;

/** POST /v1/push/{source}: 200 with a result per event; 503 where the stream took none of them. */
export function pushRoute({ manifest, streamOf, clock, report }: PushRouteOptions): Route {
  const pushers = new Map<string, Push>();
  const pusherOf = (source: StreamSource): Push => {
    const known = pushers.get(source.name);
    if (known) return known;
    const pusher = eventPusher(manifest, source, { stream: streamOf(source.name), clock });
    pushers.set(source.name, pusher);
    return pusher;
  };
  return {
    method: 'POST',
    pattern: '/v1/push/{source}',
    maxBodyBytes: maximumPushBytes,
    handle: async ({ parameters, body, principal, charge }) => {
      const named = parameters.source ?? '';
      if (!principal.grants.push.has(named)) throw refused('push to', JSON.stringify(named));
      const source = findStreamSource(manifest, named);
      const events = readEvents(body);
      charge(events.length);
      const results = await pusherOf(source)(events);
      const facts = { source: source.name, ...countsOf(results) };
      report(facts);
      if (facts.failed === results.length) throw noneTaken(source);
      return answer(source, results, facts);
    },
  };
}

function readEvents(body: string): readonly unknown[] {
  const parsed = checkBody(pushRequestSchema, jsonBody(body));
  if (parsed.success) return parsed.data.events;
  const errors = fieldErrorsOf(parsed.error.issues, Object.keys(pushRequestSchema.shape));
  throw invalidRequest('push.invalidRequest', errors);
}

function countsOf(results: readonly PushResult[]): Pick<PushFacts, 'accepted' | 'rejected' | 'failed'> {
  const counts = { accepted: 0, rejected: 0, failed: 0 };
  for (const { status } of results) counts[status]++;
  return counts;
}

const noneTaken = ({ name }: StreamSource): TidemarkError =>
  new TidemarkError('push.streamUnavailable', `the stream of ${name} took none of the events; push them again`, {
    kind: 'unavailable',
  });

function answer(
  { deduplicateBy }: StreamSource,
  results: readonly PushResult[],
  { source, accepted, rejected, failed }: PushFacts,
): HttpResponse {
  const response: PushResponse = {
    results: [...results],
    accepted,
    rejected,
    failed,
    delivery: deduplicateBy ? 'exactlyOnce' : 'atLeastOnce',
    visibleWithinMillis,
  };
  return { body: JSON.stringify(response), log: { [logFields.source]: source, accepted, rejected, failed } };
}
