import { describe, expect, it } from 'vitest';
import { eventReader } from '#codec/event-json.ts';
import { recordAcceptor } from '#engine/ingest/accept-record.ts';
import { eventPusher } from '#engine/ingest/push-events.ts';
import { findStreamSource } from '#spec/find.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { manifest, nowMillis, order, RefusingStream, recordsOf, textOf } from './shop.ts';

const source = findStreamSource(manifest, 'orders');
const pusher = (stream = new RefusingStream({ clock: () => nowMillis })) => ({
  stream,
  push: eventPusher(manifest, source, { stream, clock: () => nowMillis }),
});

describe('pushing events', () => {
  it('puts what the consumers accept, and says where it is', async () => {
    const { stream, push } = pusher();
    const results = await push([order(), order({ order_id: 'o-2' })]);
    const records = await recordsOf(stream);
    expect(results).toEqual(records.map(({ shard, sequence }) => ({ status: 'accepted', shard, sequence })));
    const accept = recordAcceptor(manifest, source);
    expect(records.map((record) => accept(record).kind)).toEqual(['accepted', 'accepted']);
  });

  it('puts one text for equal events, however they were written', async () => {
    const { stream, push } = pusher();
    const at = Date.parse('2026-01-31T09:29:59Z');
    await push([order({ city: null }), order({ user_id: '7', at, price: '12.5', city: undefined })]);
    const [first, second] = (await recordsOf(stream)).map(textOf);
    expect(first).toBe(second);
  });

  it('keeps every digit of an int64 beyond 2^53', async () => {
    const { stream, push } = pusher();
    await push([order({ user_id: 9_007_199_254_740_993n })]);
    const [record] = await recordsOf(stream);
    expect(record && textOf(record)).toContain('"user_id":9007199254740993');
    expect(eventReader(source)(record?.data ?? new Uint8Array())).toMatchObject({
      row: { user_id: 9_007_199_254_740_993n },
    });
  });

  it.each([
    ['push.notObject', 'text', /^must be an object, got a string/],
    ['push.notObject', [order()], /got a list/],
    [
      'push.unknownField',
      order({ totl: 1, extra: 2 }),
      /^fields totl, extra are not in source orders; it has user_id, /,
    ],
    ['push.wrongType', order({ items: 1.5 }), /^field items /],
    ['push.wrongType', order({ at: '2026-01-31T09:29:59' }), /^field at /],
    ['push.missingEventTime', order({ at: null }), /^field at /],
    ['push.missingEventId', order({ order_id: null }), /^field order_id /],
    ['push.missingKeys', order({ user_id: null }), /user_id/],
    ['push.tooFarAhead', order({ at: '2026-02-01T09:30:00Z' }), /ahead/],
    ['push.afterDeduplication', order({ at: '2026-01-30T09:30:00Z' }), /told from copies/],
    ['push.eventTooLarge', order({ city: 'x'.repeat(1024 * 1024) }), /a record has at most 1048576/],
  ])('refuses with %s and puts the neighbours', async (code, event, message) => {
    const { stream, push } = pusher();
    const [before, refused, after] = await push([order(), event, order({ order_id: 'o-2' })]);
    expect([before?.status, after?.status]).toEqual(['accepted', 'accepted']);
    expect(refused).toEqual({ status: 'rejected', error: { code, message: expect.stringMatching(message) } });
    expect(await recordsOf(stream)).toHaveLength(2);
  });

  it('says which events the stream did not take, in the order of the events', async () => {
    const { stream, push } = pusher();
    stream.refuses = (record) => textOf(record).includes('"o-2"');
    const results = await push([order(), 'no event', order({ order_id: 'o-2' }), order({ order_id: 'o-3' })]);
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'failed', 'accepted']);
    const puts = (await recordsOf(stream)).map(textOf);
    expect(puts.map((text) => /o-\d/.exec(text)?.[0])).toEqual(['o-1', 'o-3']);
  });

  it('asks nothing of the stream where no event can be put', async () => {
    class Untouched extends MemoryEventStream {
      override async put(): Promise<never> {
        throw new Error('must not be called');
      }
    }
    const push = eventPusher(manifest, source, { stream: new Untouched(), clock: () => nowMillis });
    expect((await push([1, 2])).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
