import { describe, expect, it } from 'vitest';
import { defaultHandOver, isWorthHandingOver, mayHandOver } from '#engine/ingest/hand-over-rule.ts';

const rule = { fromBytes: 768, effort: 1.25 };

describe('a hand-over', () => {
  it('is thought of when windows have grown by a quarter, not with every write', () => {
    expect(mayHandOver(rule, 0, 768)).toBe(false);
    expect(mayHandOver(rule, 700, 769)).toBe(true);
    expect(mayHandOver(rule, 769, 959)).toBe(false);
    expect(mayHandOver(rule, 959, 961)).toBe(true);
    expect(mayHandOver(rule, 0, 100_000)).toBe(true);
    expect(mayHandOver(rule, 5000, 400)).toBe(false);
  });

  it('costs nothing while there is no second item', () => {
    expect(isWorthHandingOver(rule, { headBytes: 769, pieces: 1, closedBytes: 0 })).toBe(true);
  });

  it('waits the longer, the larger the second item is and the faster the first one grows', () => {
    const leastHeadBytes = (pieceBytes: number, closedBytes: number): number => {
      for (let headBytes = pieceBytes; ; headBytes += pieceBytes)
        if (isWorthHandingOver(rule, { headBytes, pieces: headBytes / pieceBytes, closedBytes })) return headBytes;
    };
    expect(leastHeadBytes(30, 7_000)).toBe(600); // an item of three windows and five aggregates: within 1 KB
    expect(leastHeadBytes(400, 80_000)).toBe(7_200); // 1.25 times the root of 80,000 times 400
    expect(leastHeadBytes(400, 8_000)).toBeLessThan(leastHeadBytes(400, 80_000));
  });

  it('is weighed by default', () => {
    expect(defaultHandOver.effort).toBeGreaterThan(0);
  });
});
