import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Bucket, take } from '#engine/access/token-bucket.ts';
import type { Limits } from '#spec/access.ts';
import { propertySettings } from '../settings.ts';

const limits: fc.Arbitrary<Limits> = fc.record({
  perSecond: fc.integer({ min: 1, max: 5000 }),
  burst: fc.integer({ min: 1, max: 20_000 }),
});
/** Requests of a virtual clock: how long after the one before (now and then earlier: clocks are set back), and what they cost. */
const requests = fc.array(
  fc.record({
    pauseMillis: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 3000 }) },
      fc.integer({ min: -5000, max: -1 }),
    ),
    units: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 25_000 })),
  }),
  { minLength: 1, maxLength: 60 },
);

interface Taken {
  readonly atMillis: number;
  readonly units: number;
}

function run(limit: Limits, asked: readonly { readonly pauseMillis: number; readonly units: number }[]) {
  let bucket: Bucket | undefined;
  let nowMillis = 1_760_000_000_000;
  const taken: Taken[] = [];
  for (const { pauseMillis, units } of asked) {
    nowMillis += pauseMillis;
    const taking = take(bucket, limit, { units, nowMillis });
    if (taking.kind !== 'taken') continue;
    ({ bucket } = taking);
    taken.push({ atMillis: nowMillis, units });
  }
  return { bucket, nowMillis, taken };
}

it('gives over any span no more than a burst and what the span refills', () => {
  fc.assert(
    fc.property(limits, requests, (limit, asked) => {
      const forward = asked.map((request) => ({ ...request, pauseMillis: Math.abs(request.pauseMillis) }));
      const { taken } = run(limit, forward);
      for (const [from, first] of taken.entries()) {
        let sum = 0;
        for (const { atMillis, units } of taken.slice(from)) {
          sum += units;
          expect(sum * 1000).toBeLessThanOrEqual(limit.burst * 1000 + limit.perSecond * (atMillis - first.atMillis));
        }
      }
    }),
    propertySettings(500),
  );
});

it('gives what it promises: after the wait it is there, a millisecond earlier it is not', () => {
  fc.assert(
    fc.property(limits, requests, fc.integer({ min: 1, max: 20_000 }), (limit, asked, units) => {
      const { bucket, nowMillis } = run(limit, asked);
      const atMillis = Math.max(nowMillis, bucket?.atMillis ?? 0);
      const taking = take(bucket, limit, { units, nowMillis: atMillis });
      expect(taking.kind === 'never').toBe(units > limit.burst);
      if (taking.kind !== 'later') return;
      expect(take(bucket, limit, { units, nowMillis: atMillis + taking.waitMillis }).kind).toBe('taken');
      expect(take(bucket, limit, { units, nowMillis: atMillis + taking.waitMillis - 1 }).kind).toBe('later');
    }),
    propertySettings(500),
  );
});

it('never holds less than nothing or more than a burst', () => {
  fc.assert(
    fc.property(limits, requests, (limit, asked) => {
      const { bucket, taken } = run(limit, asked);
      expect(bucket === undefined).toBe(taken.length === 0);
      if (!bucket) return;
      expect(bucket.thousandths).toBeGreaterThanOrEqual(0);
      expect(bucket.thousandths).toBeLessThanOrEqual(limit.burst * 1000);
    }),
    propertySettings(500),
  );
});

it('gives nothing for a clock that is set back', () => {
  const limit = { perSecond: 10, burst: 10 };
  const { bucket, nowMillis } = run(limit, [{ pauseMillis: 0, units: 10 }]);
  expect(take(bucket, limit, { units: 1, nowMillis: nowMillis - 60_000 })).toEqual({ kind: 'later', waitMillis: 100 });
});
