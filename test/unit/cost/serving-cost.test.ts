import { describe, expect, it } from 'vitest';
import { defaultPrices } from '#engine/cost/prices.ts';
import { estimatedMillis, type ServingSetup, servingCost } from '#engine/cost/serving-cost.ts';
import type { ServingLoad } from '#engine/cost/serving-load.ts';

const load: ServingLoad = {
  requestsPerSecond: 100,
  entities: 1,
  features: 30,
  itemBytes: [240, 240, 240],
  readsWholeEntity: false,
};
const setup: ServingSetup = { memoryMb: 1024, provisioned: 0, hasWebAcl: false, millis: 8 };
const linesOf = (more: Partial<ServingLoad> = {}, of: Partial<ServingSetup> = {}) =>
  Object.fromEntries(
    servingCost({ ...load, ...more }, { ...setup, ...of }, defaultPrices).lines.map((line) => [line.of, line]),
  );

describe('cost of serving', () => {
  it('is what one reckons by hand: 100 requests a second of one entity in three items, 8 ms at 1 GB', () => {
    const cost = servingCost(load, setup, defaultPrices);
    // 100 x 730 h x 3600 s
    expect(cost.requestsPerMonth).toBe(262_800_000);
    expect(cost.concurrency).toBe(0.8);
    const lines = linesOf();
    expect(lines['DynamoDB reads']?.quantity).toBe(394_200_000); // three half units each
    expect(lines['DynamoDB reads']?.usd).toBeCloseTo(49.275, 3); // 394.2 million at 0.125
    expect(lines['Lambda requests']?.usd).toBeCloseTo(52.56, 2); // 262.8 million at 0.20
    expect(lines['Lambda time']?.quantity).toBeCloseTo(2_102_400, 6); // 262.8 million x 8 ms x 1 GB
    expect(lines['Lambda time']?.usd).toBeCloseTo(28.03, 2); // at 0.0000133334
    expect(lines['API Gateway']?.usd).toBeCloseTo(919.8, 2); // 262.8 million at 3.50
    expect(lines['CloudWatch Logs']?.usd).toBeCloseTo(262.8, 2); // 2 kB each, 525.6 GB at 0.50
    expect(lines['X-Ray']?.usd).toBeCloseTo(78.18, 2); // 5.95 traces a second: 15.6 million at 5
    const byHand = 49.28 + 52.56 + 28.03 + 919.8 + 262.8 + 78.18;
    expect(Math.abs(cost.usdPerMonth / byHand - 1)).toBeLessThan(0.001);
  });

  it('takes the tiers of API Gateway one after the other', () => {
    // 2,628 million: 333 at 3.50, 667 at 2.80, 1,628 at 2.38
    expect(linesOf({ requestsPerSecond: 1000 })['API Gateway']?.usd).toBeCloseTo(1165.5 + 1867.6 + 3874.64, 2);
    // 26,280 million: the first billion as above, 19,000 at 2.38, 6,280 at 1.51
    expect(linesOf({ requestsPerSecond: 10_000 })['API Gateway']?.usd).toBeCloseTo(3033.1 + 45_220 + 9482.8, 2);
  });

  it.each<[string, Partial<ServingLoad>, number]>([
    ['a half for each small item of each entity', { entities: 20 }, 30],
    ['one for an item above 4 KB', { itemBytes: [4097, 240] }, 1.5],
    ['a half for an item that is not there', { itemBytes: [1024, 0] }, 1],
    ['a half for all views of one entity by one query', { readsWholeEntity: true }, 0.5],
    ['as by keys for all views of several entities', { readsWholeEntity: true, entities: 2 }, 3],
  ])('counts read units: %s', (_, more, readUnits) => {
    expect(servingCost({ ...load, ...more }, setup, defaultPrices).readUnitsPerRequest).toBe(readUnits);
  });

  it('charges provisioned environments while they stand ready, their use at its own price, and the rest as ever', () => {
    // 2.4 environments are busy, 2 are provisioned
    const lines = linesOf({ requestsPerSecond: 300 }, { provisioned: 2 });
    expect(lines['Lambda kept ready']?.quantity).toBe(2 * 2_628_000);
    expect(lines['Lambda kept ready']?.usd).toBeCloseTo(17.52, 2); // 5.256 million GB-s at 0.0000033334
    expect(lines['Lambda time, provisioned']?.usd).toBeCloseTo(40.88, 2); // as many at 0.0000077778
    expect(lines['Lambda time']?.quantity).toBeCloseTo(0.4 * 2_628_000, 0);
    expect(linesOf({}, { provisioned: 2 })['Lambda time']?.usd).toBe(0); // 0.8 busy
  });

  it('charges the web ACL with its three rules, and its requests', () => {
    const lines = linesOf({}, { hasWebAcl: true });
    expect(lines.WAF?.usd).toBe(8);
    expect(lines['WAF requests']?.usd).toBeCloseTo(157.68, 2);
    expect(linesOf()).not.toHaveProperty('WAF');
  });

  it('estimates the duration from values and memory, in whole milliseconds', () => {
    expect(estimatedMillis(load, 1769)).toBe(5); // 4 + 0.418
    expect(estimatedMillis({ ...load, entities: 100, features: 50 }, 1769)).toBe(8); // 4 + 3.4
    expect(estimatedMillis({ ...load, entities: 100, features: 50 }, 884.5)).toBe(11); // half a core: 4 + 6.8
  });
});
