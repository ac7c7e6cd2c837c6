import type { Mutant } from './mutant.ts';

const unit = (name: string): string => `test/unit/semantics/stream/${name}.test.ts`;
const aggregates = 'test/property/semantics/stream-aggregates.test.ts';
const tiles = 'test/property/semantics/window-tiles.test.ts';
const oracle = 'test/property/semantics/window-state.test.ts';

const semantics = (rule: Mutant['rule'], file: string, fault: Omit<Mutant, 'rule' | 'file'>): Mutant => ({
  rule,
  file: `lib/semantics/stream/${file}.ts`,
  ...fault,
});

/** Faults of the windows of streams. */
export const streamMutants: readonly Mutant[] = [
  semantics('windows', 'interval', {
    fault: 'an event counts from its time although it arrived later',
    find: 'Math.max(eventTimeMillis, arrivalMillis)',
    replace: 'eventTimeMillis',
    tests: [unit('interval'), tiles],
  }),
  semantics('windows', 'tiles', {
    fault: 'an event still counts at the instant at which it leaves',
    find: 'atMillis < countsUntilMillis(endMillis, window)',
    replace: 'atMillis <= countsUntilMillis(endMillis, window)',
    tests: [unit('finish-windows')],
  }),
  semantics('windows', 'fold-windows', {
    fault: 'an event of an exact view still counts at the instant at which it leaves',
    find: 'atMillis >= countsUntilMillis(event.atMillis, window)',
    replace: 'atMillis > countsUntilMillis(event.atMillis, window)',
    tests: [unit('finish-windows')],
  }),
  semantics('windows', 'interval', {
    fault: 'the tail of a window is not aligned to its hop',
    find: 'tileEnd(eventTimeMillis, hopMillis) + windowMillis',
    replace: 'eventTimeMillis + windowMillis',
    tests: [unit('interval')],
  }),
  semantics('windows', 'interval', {
    fault: 'an event on the edge of a tile belongs to the next one',
    find: 'Math.ceil(millis / lengthMillis)',
    replace: '(Math.floor(millis / lengthMillis) + 1)',
    tests: [unit('interval'), unit('finish-windows')],
  }),
  semantics('windows', 'window-plan', {
    fault: 'tiles are as long as the hop of their own window',
    find: 'windows.slice(level).reduce((length, { hopMillis }) => gcd(length, hopMillis), 0)',
    replace: 'windows[level]?.hopMillis ?? 1',
    tests: [unit('window-plan'), tiles],
  }),
  semantics('windows', 'fold-windows', {
    fault: 'a longer window is taken to hold all that a shorter one holds',
    find: '!next || next.hopMillis % hopMillis === 0',
    replace: 'true || next.hopMillis % hopMillis === 0',
    tests: [tiles],
  }),
  semantics('windows', 'part-rules', {
    fault: 'a tile that moves to the next level loses what the next window reads',
    find: '?? 0) < fromWindow) continue;',
    replace: '?? 0) <= fromWindow) continue;',
    tests: [unit('finish-windows'), tiles],
  }),
  semantics('windows', 'window-state', {
    fault: 'tiles move on as soon as their own window has begun to leave them',
    find: '{ index, atMillis: clockMillis }',
    replace: '{ index, atMillis: clockMillis + 1 }',
    tests: [unit('finish-windows'), tiles],
  }),
  semantics('windows', 'tile-list', {
    fault: 'adding to a state changes the one it was made from',
    find: 'isFound ? copyParts(this.#plan, found.parts) : []',
    replace: 'isFound ? (found as OwnTile).parts : []',
    tests: [unit('finish-windows'), tiles],
  }),
  semantics('windows', 'fold-windows', {
    fault: 'a window of just maxEvents events is an error',
    find: 'held > (plan.exact?.maxEvents ?? 0)',
    replace: 'held >= (plan.exact?.maxEvents ?? 0)',
    tests: [unit('finish-windows'), oracle],
  }),
  semantics('windows', 'kept-events', {
    fault: 'a window of more than maxEvents events is cut silently',
    find: '((plan.exact?.maxEvents ?? 0) + 1)',
    replace: '(plan.exact?.maxEvents ?? 0)',
    tests: [unit('finish-windows'), oracle],
  }),
  semantics('windows', 'fold-windows', {
    fault: 'windows that reach back to lost events are served',
    find: "planned && atMillis < countsUntilMillis(lostUntilMillis, planned) ? { kind: 'error' } : window",
    replace: 'window',
    tests: [unit('finish-windows')],
  }),
  semantics('streams', 'acceptance', {
    fault: 'an event that is ahead by just the skew is refused',
    find: 'eventTimeMillis - arrivalMillis > source.allowedSkewMillis',
    replace: 'eventTimeMillis - arrivalMillis >= source.allowedSkewMillis',
    tests: [unit('interval')],
  }),
  semantics('streams', 'acceptance', {
    fault: 'an event that is ahead keeps its time',
    find: 'Math.min(eventTimeMillis, arrivalMillis)',
    replace: 'eventTimeMillis',
    tests: [unit('interval')],
  }),
  semantics('streams', 'acceptance', {
    fault: 'an event that arrives just `within` after its time is refused',
    find: 'arrivalMillis - eventTimeMillis > within',
    replace: 'arrivalMillis - eventTimeMillis >= within',
    tests: [unit('interval')],
  }),
  semantics('aggregates', 'timed-values', {
    fault: 'last of equal times is the one that came last',
    find: ' || compareValues(a.value, b.value)',
    replace: ' || 1',
    tests: [aggregates],
  }),
  semantics('aggregates', 'part-rules', {
    fault: 'a value of just the bound of exact sums is left out silently',
    find: '(magnitude(value) >= bound ?',
    replace: '(magnitude(value) > bound ?',
    tests: ['test/unit/semantics/aggregate.test.ts', unit('finish-windows')],
  }),
  semantics('aggregates', 'distinct', {
    fault: 'just exactUpTo different values are estimated',
    find: 'hashes.size <= exactUpTo',
    replace: 'hashes.size < exactUpTo',
    tests: [unit('finish-windows'), aggregates],
  }),
  semantics('aggregates', 'distinct', {
    fault: 'a value without hash is not counted',
    find: "if (hash === false) return { kind: 'unknown' };",
    replace: "if (hash === false) return state ?? { kind: 'exact', hashes: new Set() };",
    tests: [unit('finish-windows')],
  }),
  semantics('aggregates', 'hyperloglog', {
    fault: 'empty registers decide whatever the estimate is',
    find: 'estimate <= linearCountingLimit && empty > 0',
    replace: 'empty > 0',
    tests: [unit('sketches')],
  }),
  semantics('aggregates', 'hyperloglog', {
    fault: 'ranks decide however few values there are',
    find: 'estimate <= linearCountingLimit && empty > 0',
    replace: 'estimate < 0',
    tests: [unit('sketches')],
  }),
  semantics('aggregates', 'ddsketch', {
    fault: 'a quantile takes the nearest rank',
    find: 'Math.floor(quantile * (total - 1))',
    replace: 'Math.round(quantile * (total - 1))',
    tests: [unit('sketches')],
  }),
  semantics('aggregates', 'ddsketch', {
    fault: 'a bucket stands for its lower end',
    find: '((index % parts) + 0.5)',
    replace: '(index % parts)',
    tests: [unit('sketches')],
  }),
  {
    rule: 'types',
    fault: 'stored windows round whole numbers beyond 2^53',
    file: 'lib/codec/window-parts.ts',
    find: "return typeof form === 'bigint' ? form.toString() : form;",
    replace: 'return Number(form);',
    tests: ['test/unit/codec/window-state.test.ts'],
  },
  {
    rule: 'aggregates',
    fault: '-0 and 0 are different values',
    file: 'lib/codec/value-hash.ts',
    find: 'String(value === 0 ? 0 : value)',
    replace: "Object.is(value, -0) ? '-0' : String(value)",
    tests: [unit('sketches')],
  },
];
