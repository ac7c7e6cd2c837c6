/** What a transform may not touch: each makes its result depend on something that a training set cannot repeat. */
const forbiddenGlobals = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'process',
  'performance',
  'crypto',
] as const;

const refuse = (what: string, instead: string) => (): never => {
  throw new Error(`${what} is not allowed in a transform: ${instead}`);
};
const useAsOf = 'use the asOf that it is given';
const stayPure = 'its result may depend on its inputs only';

const realDate = Date;
const guardedDate = new Proxy(realDate, {
  apply: refuse('Date()', useAsOf),
  construct: (target, args, newTarget) =>
    args.length === 0 ? refuse('new Date()', useAsOf)() : Reflect.construct(target, args, newTarget),
});
const refusedNow = refuse('Date.now', useAsOf);
const refusedRandom = refuse('Math.random', stayPure);
const traps = forbiddenGlobals.map((name) => ({
  name,
  trap: {
    configurable: true,
    get: refuse(name, name === 'performance' ? useAsOf : stayPure),
    set: refuse(name, stayPure),
  },
}));

/**
 * Calls a synchronous function while the clock, randomness, timers, the network and the process are out of reach: touching one throws
 * inside the call. Everything is put back before it returns or throws. Costs about 2 microseconds a call.
 * What the module took before the call (a captured `Date.now`, an imported `node:timers`) is beyond its reach.
 */
export function guarded<TResult>(call: () => TResult): TResult {
  const { now } = realDate;
  const { random } = Math;
  const before = traps.map(({ name }) => Object.getOwnPropertyDescriptor(globalThis, name));
  for (const { name, trap } of traps) Object.defineProperty(globalThis, name, trap);
  realDate.now = refusedNow;
  Math.random = refusedRandom;
  globalThis.Date = guardedDate;
  try {
    return call();
  } finally {
    globalThis.Date = realDate;
    Math.random = random;
    realDate.now = now;
    traps.forEach(({ name }, index) => {
      const descriptor = before[index];
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    });
  }
}
