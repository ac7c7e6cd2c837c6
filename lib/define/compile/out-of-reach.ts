/** Globals that make a result that a training set cannot repeat, and what to do instead. */
const functions = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'] as const;
const objects = ['process', 'performance', 'crypto'] as const;
const useAsOf = 'the clock is asOf';
const stayPure = 'a result may depend on inputs and asOf only';

/**
 * Calls a synchronous function while the clock, randomness, timers, the network and the process throw when touched. Every attempt
 * is added to `attempts` as a phrase, also where the function catches the throw. All is put back before it returns or throws.
 */
export function outOfReach<TResult>(call: () => TResult, attempts: Set<string>): TResult {
  const refuse = (phrase: string) => (): never => {
    attempts.add(phrase);
    throw new Error(phrase);
  };
  const realDate = Date;
  const guardedDate = new Proxy(realDate, {
    apply: refuse(`Date(); ${useAsOf}`),
    construct: (target, args, newTarget) =>
      args.length === 0
        ? refuse(`new Date() without an argument; ${useAsOf}`)()
        : Reflect.construct(target, args, newTarget),
    get: (target, name) => (name === 'now' ? refuse(`Date.now; ${useAsOf}`) : Reflect.get(target, name)),
  });
  const restore = [
    replace(globalThis, 'Date', { value: guardedDate }),
    replace(Math, 'random', { value: refuse(`Math.random; ${stayPure}`) }),
    ...functions.map((name) => replace(globalThis, name, { value: refuse(`${name}; ${stayPure}`) })),
    ...objects.map((name) => {
      const trap = refuse(`${name}; ${name === 'performance' ? useAsOf : stayPure}`);
      return replace(globalThis, name, { get: trap, set: trap });
    }),
  ];
  try {
    return call();
  } finally {
    for (const putBack of restore) putBack();
  }
}

/** Replaces a property and returns what puts it back. */
function replace(
  owner: object,
  name: string,
  instead: { readonly value: unknown } | { readonly get: () => never; readonly set: () => never },
): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, {
    configurable: true,
    ...('value' in instead ? { value: instead.value, writable: true } : instead),
  });
  return () => {
    if (before) Object.defineProperty(owner, name, before);
    else Reflect.deleteProperty(owner, name);
  };
}
