import { describe, expect, it } from 'vitest';
import { greatestPerAddress } from '#store/coalesce.ts';
import { chunked, forEachConcurrent } from '#store/concurrent.ts';
import type { OnlineRow } from '#store/online-rows.ts';
import { isPassing, jitterMillis, withRetry } from '#store/retry.ts';

const named = (name: string, extra: object = {}): Error => Object.assign(new Error(name), { name, ...extra });
const plan = { attempts: 4, baseMillis: 1, capMillis: 2 };

describe('what is tried again', () => {
  it.each([
    named('ThrottlingException'),
    named('ProvisionedThroughputExceededException'),
    named('TooManyRequestsException'),
    named('TimeoutError'),
    named('AbortError'),
    named('Error', { code: 'ECONNRESET' }),
    named('SomethingNew', { $metadata: { httpStatusCode: 503 } }),
  ])('%s', (error) => expect(isPassing(error)).toBe(true));

  it.each([
    named('ConditionalCheckFailedException', { $metadata: { httpStatusCode: 400 } }),
    named('ResourceNotFoundException'),
    named('AccessDeniedException', { $metadata: { httpStatusCode: 403 } }),
    new TypeError('a bug'),
    'text',
    undefined,
  ])('not %s', (error) => expect(isPassing(error)).toBe(false));
});

it('tries passing faults again and gives the answer', async () => {
  let calls = 0;
  const answer = await withRetry(plan, async () => {
    if (++calls < 4) throw named('ThrottlingException');
    return 'done';
  });
  expect([answer, calls]).toEqual(['done', 4]);
});

it('gives up with the last error after all attempts, and at once for other errors', async () => {
  let calls = 0;
  const failing = (name: string) => async () => Promise.reject(named(name, { call: ++calls }));
  await expect(withRetry(plan, failing('ThrottlingException'))).rejects.toMatchObject({ call: 4 });
  calls = 0;
  await expect(withRetry(plan, failing('ValidationException'))).rejects.toMatchObject({ call: 1 });
});

it('waits at random below a bound that doubles up to the cap', () => {
  const waits = (attempt: number) =>
    Array.from({ length: 300 }, () => jitterMillis({ attempts: 9, baseMillis: 10, capMillis: 60 }, attempt));
  for (const [attempt, bound] of [10, 20, 40, 60, 60].entries()) {
    expect(Math.max(...waits(attempt))).toBeLessThan(bound);
    expect(Math.max(...waits(attempt))).toBeGreaterThan(bound / 2);
    expect(Math.min(...waits(attempt))).toBeLessThan(bound / 4);
  }
});

it('keeps as many items at work as allowed, and each once', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachConcurrent(
    Array.from({ length: 50 }, (_, index) => index),
    7,
    async (item) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, item % 3));
      running--;
      done.push(item);
    },
  );
  expect(most).toBe(7);
  expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

it('starts nothing new after a failure and rejects with it once the rest has settled', async () => {
  const started: number[] = [];
  const settled: number[] = [];
  const work = forEachConcurrent([0, 1, 2, 3, 4, 5], 2, async (item) => {
    started.push(item);
    await new Promise((resolve) => setTimeout(resolve, item === 0 ? 20 : 1));
    settled.push(item);
    if (item === 1) throw new Error('item 1');
  });
  await expect(work).rejects.toThrow('item 1');
  expect(started).toEqual([0, 1]);
  expect(settled).toEqual([1, 0]);
});

it('cuts lists into chunks', () => {
  expect(chunked([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(chunked([], 2)).toEqual([]);
});

it('keeps the greatest row per address and accounts for every row', () => {
  const row = (entityKey: string, order: string, packed = order): OnlineRow => ({
    entityKey,
    viewId: 'v@1',
    order,
    packed,
  });
  const rows = [
    row('a', '2'),
    row('a', '3'),
    row('b', '\uffff'),
    row('b', '😀'),
    row('a', '3'),
    row('a', '3', 'x'),
    row('a', '1'),
  ];
  const { greatest, older } = greatestPerAddress(rows);
  expect(greatest).toEqual([
    { row: row('a', '3'), copies: 2 },
    { row: row('b', '😀'), copies: 1 },
  ]);
  expect(older).toBe(4);
});
