import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newestTick, ticksIn } from '#semantics/ticks.ts';
import { formatInstant, maxInstantMillis, minInstantMillis, parseInstant } from '#semantics/time.ts';
import { propertySettings } from '../settings.ts';

const instants = fc.integer({ min: minInstantMillis, max: maxInstantMillis });

it('reads back every instant that it writes', () => {
  fc.assert(
    fc.property(instants, (millis) => {
      expect(parseInstant(formatInstant(millis))).toBe(millis);
    }),
    propertySettings(2000),
  );
});

it('reads the same instant in every offset', () => {
  const offsets = fc.integer({ min: -18 * 60, max: 18 * 60 });
  const inner = fc.integer({ min: minInstantMillis + 86_400_000, max: maxInstantMillis - 86_400_000 });
  fc.assert(
    fc.property(inner, offsets, (millis, minutes) => {
      const local = formatInstant(millis + minutes * 60_000).slice(0, -1);
      const two = (n: number): string => String(n).padStart(2, '0');
      const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
      expect(parseInstant(local + offset)).toBe(millis);
    }),
    propertySettings(2000),
  );
});

it('rounds digits finer than a millisecond up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_798 }), fc.stringMatching(/^\d{1,12}$/), (seconds, digits) => {
      const text = `${formatInstant(seconds * 1000).slice(0, 19)}.${digits}Z`;
      const nanos = BigInt(digits.padEnd(12, '0')); // picoseconds
      const expected = BigInt(seconds) * 1000n + (nanos + 999_999_999n) / 1_000_000_000n;
      expect(BigInt(parseInstant(text))).toBe(expected);
    }),
    propertySettings(2000),
  );
});

it('lists exactly the multiples of the schedule in the interval', () => {
  const small = fc.integer({ min: -40, max: 40 });
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1, max: 9 }), (fromMillis, toMillis, schedule) => {
      const expected: number[] = [];
      for (let t = fromMillis + 1; t <= toMillis; t++) if (t % schedule === 0) expected.push(t + 0);
      expect([...ticksIn({ fromMillis, toMillis }, schedule)].map((t) => t + 0)).toEqual(expected);
      const newest = newestTick(toMillis, schedule);
      expect(newest % schedule === 0 && newest <= toMillis && newest > toMillis - schedule).toBe(true);
    }),
    propertySettings(1000),
  );
});
