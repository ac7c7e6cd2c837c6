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
const refusedTimeout = Object.assign(refuse('setTimeout', stayPure), { __promisify__: refuse('setTimeout', stayPure) });
const refusedInterval = refuse('setInterval', stayPure);
const refusedImmediate = Object.assign(refuse('setImmediate', stayPure), {
  __promisify__: refuse('setImmediate', stayPure),
});
const refusedMicrotask = refuse('queueMicrotask', stayPure);
const refusedFetch = refuse('fetch', stayPure);
/** Globals that are objects: reading one of them throws. */
const traps = (['process', 'performance', 'crypto'] as const).map((name) => {
  const trap = refuse(name, name === 'performance' ? useAsOf : stayPure);
  return { name, descriptor: { configurable: true, get: trap, set: trap } };
});

let isGuarding = false;

/**
 * Calls a synchronous function while the clock, randomness, timers, the network and the process are out of reach: each would make a
 * result that a training set cannot repeat, and touching one throws inside the call. Everything is put back before it returns or throws.
 * What the module took before the call (a captured `Date.now`, an imported `node:timers`) is beyond its reach.
 * A call inside a guarded call costs nothing more: guard a whole batch of rows where 3 microseconds a row matter.
 */
export function guarded<TResult>(call: () => TResult): TResult {
  if (isGuarding) return call();
  // Plain assignments where they do: they are free, while defining a property costs 0.3 us, and this runs for every served row.
  const { now } = realDate;
  const { random } = Math;
  const { setTimeout, setInterval, setImmediate, queueMicrotask, fetch } = globalThis;
  const before = traps.map(({ name }) => Object.getOwnPropertyDescriptor(globalThis, name));
  for (const { name, descriptor } of traps) Object.defineProperty(globalThis, name, descriptor);
  isGuarding = true;
  globalThis.Date = guardedDate;
  realDate.now = refusedNow;
  Math.random = refusedRandom;
  globalThis.setTimeout = refusedTimeout;
  globalThis.setInterval = refusedInterval;
  globalThis.setImmediate = refusedImmediate;
  globalThis.queueMicrotask = refusedMicrotask;
  globalThis.fetch = refusedFetch;
  try {
    return call();
  } finally {
    isGuarding = false;
    globalThis.Date = realDate;
    realDate.now = now;
    Math.random = random;
    globalThis.setTimeout = setTimeout;
    globalThis.setInterval = setInterval;
    globalThis.setImmediate = setImmediate;
    globalThis.queueMicrotask = queueMicrotask;
    globalThis.fetch = fetch;
    traps.forEach(({ name }, index) => {
      const descriptor = before[index];
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    });
  }
}
