import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { planServing } from '#engine/serve/plan.ts';
import { loggedRow } from '#engine/serving-log/logged-rows.ts';
import { readServingLog } from '#engine/serving-log/read-log.ts';
import { isSampled } from '#engine/serving-log/sample.ts';
import type { NewRecord } from '#store/event-stream.ts';
import { hourMillis, nowMillis } from '#test/unit/serve/shop.ts';
import { LoggedShop, repository } from './logged-shop.ts';

const range = { fromMillis: nowMillis - hourMillis, toMillis: nowMillis + hourMillis, limit: 1000 };
const path = '/v1/online-features';
const lanes = (origin: string) => ({ service: 'lanes', entities: [{ origin, target: 'b', customer_id: 1 }] });
const flushed = (shop: LoggedShop, rows: number) =>
  vi.waitFor(() => expect(shop.counts.logged + shop.counts.dropped).toBe(rows));

describe('the serving log', () => {
  it('keeps every value to the last bit, with keys, statuses and the instant', async () => {
    const shop = new LoggedShop();
    const values = [
      [-5, 2n ** 60n + 1n, Math.fround(0.1), 0.1 + 0.2, 'a "quoted" \u{1F6D2}', true, 1_760_000_000_001, [1, 2]],
      [2 ** 31 - 1, -(2n ** 63n), Number.POSITIVE_INFINITY, Number.NaN, '', false, 0, []],
    ].map((row, at) => [
      ...row.slice(0, 7),
      at === 0 ? Uint8Array.of(0, 255) : null,
      at === 0 ? [1n, null, 2n ** 62n] : [],
    ]) as Parameters<typeof shop.rows.store>[2]['values'][]; // as the view's features are typed
    for (const [at, row] of values.entries()) await shop.rows.store('everything', [BigInt(at)], { values: row ?? [] });
    const { status } = await shop.post(path, {
      service: 'types',
      entities: [0, 1, 2].map((customer_id) => ({ customer_id })),
    });
    expect(status).toBe(200);
    await flushed(shop, 3);
    await shop.archive();
    const { rows, found, repeated, lost } = await readServingLog(shop.objects, range);
    expect([found, repeated, lost]).toEqual([3, 0, 0]);
    const plan = planServing(repository, { service: 'types' });
    const logged = rows.map((row) => loggedRow(plan, row));
    expect(logged.map(({ entity }) => entity)).toEqual([0n, 1n, 2n].map((customer_id) => ({ customer_id })));
    expect(logged.slice(0, 2).map(({ served }) => served.values)).toEqual(values);
    expect(logged[2]?.served).toEqual({ values: Array(9).fill(null), status: Array(9).fill('MISSING') });
    expect(rows[0]).toMatchObject({
      service: 'types',
      version: 1,
      definitionHash: 'e'.repeat(64),
      requestId: 'request-0',
      asOfMillis: nowMillis,
      partial: false,
      statuses: null,
    });
  });

  it('keeps request fields, one item for all rows or one for each, and answers in the form of Feast', async () => {
    const shop = new LoggedShop();
    const basket = (amount: number) => ({ amount, voucher: '9007199254740993', sizes: [1, null] });
    const entities = [{ customer_id: 1 }, { customer_id: 2 }];
    await shop.post(path, { service: 'checkout', entities, request: [basket(3)] });
    await shop.post(path, { service: 'checkout', entities, request: [basket(4), basket(5)] });
    await shop.postText(
      path,
      '{"service":"checkout","entities":[{"customer_id":1}],"request":[{"amount":-0,"voucher":1,"sizes":[]}]}',
    );
    const feast = { customer_id: [3], amount: [6.5], voucher: [1], sizes: [[]] };
    const answer = await shop.post('/get-online-features', { feature_service: 'checkout', entities: feast });
    expect(answer.status, answer.text).toBe(200);
    await flushed(shop, 6);
    await shop.archive();
    const { rows } = await readServingLog(shop.objects, range);
    const plan = planServing(repository, { service: 'checkout' });
    const logged = rows.map((row) => loggedRow(plan, row).request);
    expect(logged.map(({ amount }) => amount)).toEqual([3, 3, 4, 5, -0, 6.5]); // toEqual tells -0 from 0
    expect(logged[0]).toEqual({ amount: 3, voucher: 9007199254740993n, sizes: [1, null] });
  });

  it('logs services that the rule names, and never requests that list features or are refused', async () => {
    const shop = new LoggedShop({ rule: { sample: 1, services: ['lanes@3'] } });
    await shop.post(path, { service: 'types', entities: [{ customer_id: 1 }] });
    await shop.post(path, { features: ['orders:spend'], entities: [{ customer_id: 1 }] });
    await shop.post(path, { service: 'lanes', entities: [{ origin: 'a' }] });
    await shop.post(path, lanes('a'));
    await flushed(shop, 1);
    await shop.archive();
    const { rows } = await readServingLog(shop.objects, range);
    expect(rows.map(({ service }) => service)).toEqual(['lanes']);
  });

  it('answers at once while the stream does not, drops what cannot wait, and goes on afterwards', async () => {
    const waiting: (() => void)[] = [];
    const held: NewRecord[][] = [];
    const shop = new LoggedShop({
      maximumValues: 4, // two rows of two features
      stream: {
        put: async (records) => {
          held.push([...records]);
          await new Promise<void>((resolve) => waiting.push(resolve));
          return shop.stream.put(records);
        },
      },
    });
    for (const origin of ['a', 'b', 'c']) {
      expect((await shop.post(path, lanes(origin))).status).toBe(200);
      await nextTurn();
    }
    expect(shop.counts).toEqual({ logged: 0, dropped: 1 });
    while (shop.counts.logged < 2) {
      waiting.shift()?.();
      await nextTurn();
    }
    await shop.post(path, lanes('d'));
    await vi.waitFor(() => {
      waiting.shift()?.();
      expect(shop.counts).toEqual({ logged: 3, dropped: 1 });
    });
    await shop.archive();
    const { rows, lost } = await readServingLog(shop.objects, range);
    expect(rows.map(({ entity }) => JSON.parse(entity).origin)).toEqual(['a', 'b', 'd']);
    expect(lost).toBe(1);
  });

  it('answers as ever when the stream fails, counts what is not in the log, and tells of the gap', async () => {
    let failures = 1;
    const shop: LoggedShop = new LoggedShop({
      stream: {
        put: async (records) => {
          if (failures-- === 0) throw new Error('no stream');
          return shop.stream.put(records);
        },
      },
    });
    for (const origin of ['a', 'b', 'c']) {
      expect((await shop.post(path, lanes(origin))).status).toBe(200);
      await nextTurn();
      await nextTurn();
    }
    await flushed(shop, 3);
    expect(shop.counts).toEqual({ logged: 2, dropped: 1 });
    await shop.archive();
    expect(await readServingLog(shop.objects, range)).toMatchObject({ found: 2, lost: 1 });
  });

  it('drops a row that no stream takes, and none of its neighbours', async () => {
    const shop = new LoggedShop();
    const basket = (sizes: number) => ({ amount: 1, voucher: 1, sizes: Array(sizes).fill(1) });
    const entities = [1, 2].map((customer_id) => ({ customer_id }));
    // just within what a request may have: 1 MiB, to which a record adds what is known of its answer
    const request = [basket(524_150), basket(1)];
    expect((await shop.post(path, { service: 'checkout', entities, request })).status).toBe(200);
    await flushed(shop, 2);
    expect(shop.counts).toEqual({ logged: 1, dropped: 1 });
  });

  it('counts a row once that was put twice', async () => {
    const shop: LoggedShop = new LoggedShop({
      stream: {
        put: async (records) => {
          await shop.stream.put(records);
          return shop.stream.put(records);
        },
      },
    });
    await shop.post(path, lanes('a'));
    await flushed(shop, 1);
    await shop.archive();
    expect(await readServingLog(shop.objects, range)).toMatchObject({ found: 1, repeated: 1, lost: 0 });
  });

  it('gives the rows of a range and of services, at most as many as asked for and the same ones each time', async () => {
    const shop = new LoggedShop();
    for (let at = 0; at < 20; at++) await shop.post(path, lanes(`o${at}`));
    await flushed(shop, 20);
    await shop.archive();
    const some = await readServingLog(shop.objects, { ...range, limit: 5 });
    expect(some).toMatchObject({ found: 20, lost: 0 });
    expect(some.rows).toHaveLength(5);
    expect(await readServingLog(shop.objects, { ...range, limit: 5 })).toEqual(some);
    expect(await readServingLog(shop.objects, { ...range, services: ['types'] })).toMatchObject({ found: 0 });
    expect(await readServingLog(shop.objects, { ...range, toMillis: nowMillis })).toMatchObject({ found: 0 });
    expect(await readServingLog(shop.objects, { ...range, fromMillis: nowMillis })).toMatchObject({ found: 20 });
  });
});

describe('the sample', () => {
  const answer = (at: number) => ({
    service: { name: 'lanes', version: 3 },
    requestId: `r${at}`,
    asOfMillis: nowMillis,
  });
  const all = Array.from({ length: 10_000 }, (_, at) => answer(at));

  it('is of the declared share, and a larger one holds a smaller one', () => {
    const small = all.filter((one) => isSampled({ sample: 0.01 }, one));
    const large = new Set(all.filter((one) => isSampled({ sample: 0.1 }, one)));
    expect(small.length).toBeGreaterThan(60);
    expect(small.length).toBeLessThan(140);
    expect(large.size).toBeGreaterThan(900);
    expect(large.size).toBeLessThan(1100);
    expect(small.every((one) => large.has(one))).toBe(true);
  });

  it('is a function of the answer, and not in the hands of a client that sends one id', () => {
    const one = all.map(({ service }, at) => ({ service, requestId: 'same', asOfMillis: nowMillis + at }));
    const logged = one.filter((each) => isSampled({ sample: 0.1 }, each));
    expect(one.filter((each) => isSampled({ sample: 0.1 }, { ...each }))).toEqual(logged);
    expect(logged.length).toBeGreaterThan(900);
    expect(logged.length).toBeLessThan(1100);
  });
});
