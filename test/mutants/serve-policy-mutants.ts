import type { Mutant } from './mutant.ts';

const served = 'test/unit/serve/unavailable.test.ts';
const windows = 'test/unit/serve/kept-windows.test.ts';
const kept = 'test/unit/store/kept-rows.test.ts';

/** Faults of what is answered while the store is down, and of what is served from memory. */
export const servePolicyMutants: readonly Mutant[] = [
  {
    rule: 'absence',
    fault: 'what stands for a row that was not read passes for the row',
    file: 'lib/engine/serve/serve-features.ts',
    find: "return cell.isFallback && status !== 'ERROR' ? 'FALLBACK' : status;",
    replace: 'return status;',
    tests: [served],
  },
  {
    rule: 'absence',
    fault: 'what is computed from a fallback passes for computed from rows',
    file: 'lib/engine/serve/serve-features.ts',
    find: "isFallback ? 'FALLBACK' : 'PRESENT'",
    replace: "isFallback ? 'PRESENT' : 'PRESENT'",
    tests: [served, windows],
  },
  {
    rule: 'absence',
    fault: 'the policy answers when the caller has gone',
    file: 'lib/engine/serve/policy.ts',
    find: 'if (!plan.policy.fallsBack) return deadlineMillis;',
    replace: 'if (plan.policy.fallsBack || asOfMillis > 0) return deadlineMillis;',
    tests: [served],
  },
  {
    rule: 'absence',
    fault: 'a read whose credentials never come holds its request beyond the deadline',
    file: 'lib/store/dynamodb/online-rows.ts',
    find: 'await Promise.race([attempt(controller.signal), timeout])',
    replace: 'await attempt(controller.signal)',
    tests: [served],
  },
  {
    rule: 'absence',
    fault: 'a last known state of two hand-overs passes for whole',
    file: 'lib/engine/serve/cells.ts',
    find: '  if (cell === torn) return unread;\n',
    replace: '  if (cell === torn) return { ...cell, isFallback: true };\n',
    tests: [windows],
  },
  {
    rule: 'absence',
    fault: 'a caller who wants no part gets fallbacks',
    file: 'lambdas/serve-features/online-features-route.ts',
    find: ' || served.counts.fallbacks > 0',
    replace: '',
    tests: [served],
  },
  {
    rule: 'time',
    fault: 'a cached row is counted from the end of its read, and served longer than its time',
    file: 'lib/store/kept-rows.ts',
    find: 'readAtMillis: startedAtMillis }',
    replace: 'readAtMillis: this.#clock() }',
    tests: [kept],
  },
  {
    rule: 'time',
    fault: 'a read that began earlier and ended later replaces what is known',
    file: 'lib/store/row-memory.ts',
    find: 'known.readAtMillis > kept.readAtMillis',
    replace: 'false',
    tests: [kept],
  },
  {
    rule: 'time',
    fault: 'strong consistency is answered from the cache',
    file: 'lib/store/kept-rows.ts',
    find: 'const known = options.consistent === true ? undefined : this.#fresh(',
    replace: 'const known = this.#fresh(',
    tests: [kept],
  },
  {
    rule: 'time',
    fault: 'a request waits for the read of another one beyond its own deadline',
    file: 'lib/store/kept-rows.ts',
    find: 'flight.deadlineMillis <= deadlineMillis &&',
    replace: '',
    tests: [kept],
  },
];
