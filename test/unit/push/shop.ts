import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import { type PushFacts, pushRoute } from '#lambdas/push-events/push-route.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import type { EventStream, NewRecord, StreamRecord } from '#store/event-stream.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { orderFeatures, streamManifest } from '#test/support/stream-manifest.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';

export const nowMillis = Date.UTC(2026, 0, 31, 9, 30);

/** An event of the source `orders`, as its producer would send it. */
export const order = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  user_id: 7,
  order_id: 'o-1',
  total: 12.5,
  items: 2,
  price: '12.50',
  city: 'Kyoto',
  paid: true,
  at: '2026-01-31T09:29:59Z',
  ...changes,
});

export const manifest = streamManifest();
/** The same source, without deduplication. */
export const repeating = streamManifest(orderFeatures, { source: { deduplicateBy: undefined } });

/** A stream that refuses the records of which `refuses` says so, as a throttled shard does. */
export class RefusingStream extends MemoryEventStream implements EventStream {
  refuses: (record: NewRecord) => boolean = () => false;

  override async put(records: readonly NewRecord[]) {
    const taken = await super.put(records.filter((record) => !this.refuses(record)));
    let position = 0;
    return records.map((record) =>
      this.refuses(record)
        ? { kind: 'failed' as const, reason: 'ProvisionedThroughputExceededException' }
        : (taken[position++] ?? { kind: 'failed' as const, reason: 'lost' }),
    );
  }
}

/** All records of a stream, by shard. */
export async function recordsOf(stream: EventStream): Promise<StreamRecord[]> {
  const pages = await Promise.all((await stream.shards()).map((shard) => stream.read(shard)));
  return pages.flatMap(({ records }) => records);
}

export const textOf = ({ data }: { readonly data: Uint8Array }): string => new TextDecoder().decode(data);

/** The push handler over a stream in memory, at a fixed instant. */
export function pushApi(of = manifest) {
  const stream = new RefusingStream({ shards: 4, clock: () => nowMillis });
  const facts: PushFacts[] = [];
  const { logger } = createTelemetry('push-events', { project: 'shop', stage: 'dev' });
  logger.setLogLevel('SILENT');
  const handler = createHttpHandler({
    routes: [
      pushRoute({
        manifest: of,
        streamOf: () => stream,
        clock: () => nowMillis,
        report: (fact) => facts.push(fact),
      }),
    ],
    identify: createIdentify({ checkToken: async (token) => token === 'right', clock: Date.now, stage: 'dev' }),
    logger,
  });
  const call = (path: string, body: string, token = 'right') =>
    handler(proxyEvent('POST', path, { body, headers: { authorization: `Bearer ${token}` } }), lambdaContext());
  return {
    stream,
    facts,
    call,
    push: (events: readonly unknown[]) => call('/v1/push/orders', JSON.stringify({ events })),
  };
}
