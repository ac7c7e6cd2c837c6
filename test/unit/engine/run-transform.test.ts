import { describe, expect, it } from 'vitest';
import { runTransform } from '#engine/transform/run-transform.ts';
import type { OnDemandView } from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';

const view = (outputs: Record<string, FeatureType>): OnDemandView => ({
  kind: 'onDemand',
  name: 'trip_features',
  version: 2,
  definitionHash: '0'.repeat(64),
  transformHash: '0'.repeat(64),
  description: '',
  tags: {},
  inputs: [],
  features: Object.entries(outputs).map(([name, type]) => ({ name, type, description: '', tags: {} })),
});
// transforms of users may return anything: the checks exist for what the types cannot hold back
// biome-ignore lint/suspicious/noExplicitAny: see above
const run = (type: FeatureType, transform: (inputs: any, context: { asOf: number }) => unknown) =>
  // biome-ignore lint/suspicious/noExplicitAny: see above
  runTransform(view({ out: type }), transform as any, {
    inputs: { trip: { km: 3, tags: ['a'] } },
    asOf: 1_700_000_000_000,
  });
const output = (type: FeatureType, value: unknown) => run(type, () => ({ out: value }));

describe('runTransform', () => {
  it('gives the outputs of a transform that reads its inputs and asOf', () => {
    expect(run('float64', ({ trip }, { asOf }) => ({ out: trip.km * (asOf / 1e12) }))).toEqual({
      values: { out: 3 * 1.7 },
    });
  });

  it.each<[FeatureType, unknown, unknown]>([
    ['int32', -(2 ** 31), -(2 ** 31)],
    ['int64', 2n ** 63n - 1n, 2n ** 63n - 1n],
    ['float32', 0.1, Math.fround(0.1)],
    ['float32', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['float64', Number.NaN, Number.NaN],
    ['string', 'żółw', 'żółw'],
    ['bool', false, false],
    ['timestamp', -1, -1],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ['list<float32>', [0.1, null], [Math.fround(0.1), null]],
    ['list<int64>', [], []],
    ['string', null, null],
  ])('accepts for %s the value %s', (type, value, stored) => {
    expect(output(type, value)).toEqual({ values: { out: stored } });
  });

  it.each<[FeatureType, unknown, string]>([
    ['int32', 2 ** 31, 'is beyond the range of int32'],
    ['int32', 1.5, 'is not a whole number'],
    ['int32', Number.NaN, 'is not a whole number'],
    ['int32', 1n, 'needs a number, got a bigint'],
    ['int64', 1, 'needs a bigint (as in 5n), got a number'],
    ['int64', 2n ** 63n, 'is beyond the range of int64'],
    ['float32', 1e39, 'is beyond the range of float32'],
    ['float64', '1', 'needs a number, got a string'],
    ['string', '\ud800', 'is not valid Unicode (it has a lone surrogate)'],
    ['bool', 1, 'needs true or false, got a number'],
    ['timestamp', new Date(0), 'needs epoch milliseconds as a number, got a Date'],
    ['timestamp', 0.5, 'is not whole milliseconds'],
    ['bytes', [1], 'needs a Uint8Array, got a list'],
    ['list<int32>', [1, 'x'], 'element 1 needs a number, got a string'],
    // biome-ignore lint/suspicious/noSparseArray: a hole is not a null
    ['list<int32>', [1, , 2], 'element 1 needs a number, got undefined'],
    ['list<int32>', 1, 'needs an array, got a number'],
    ['float64', undefined, 'needs a number, got undefined'],
  ])('refuses for %s the value %s', (type, value, problem) => {
    expect(output(type, value)).toEqual({ error: `transform of trip_features@2 output out (${type}) ${problem}` });
  });

  it.each<[string, () => unknown, string]>([
    ['Date.now', () => Date.now(), 'Date.now is not allowed in a transform: use the asOf that it is given'],
    ['new Date()', () => new Date(), 'new Date() is not allowed in a transform: use the asOf that it is given'],
    ['Date()', () => Date(), 'Date() is not allowed in a transform: use the asOf that it is given'],
    ['Math.random', () => Math.random(), 'Math.random is not allowed in a transform'],
    ['setTimeout', () => setTimeout(() => 0), 'setTimeout is not allowed'],
    ['setInterval', () => setInterval(() => 0), 'setInterval is not allowed'],
    ['setImmediate', () => setImmediate(() => 0), 'setImmediate is not allowed'],
    ['queueMicrotask', () => queueMicrotask(() => 0), 'queueMicrotask is not allowed'],
    ['fetch', () => fetch('http://127.0.0.1:9'), 'fetch is not allowed'],
    ['process', () => process.pid, 'process is not allowed'],
    ['performance', () => performance.now(), 'performance is not allowed'],
    ['crypto', () => crypto.randomUUID(), 'crypto is not allowed'],
  ])('fails when a transform touches %s', (_, touch, message) => {
    const outcome = run('float64', () => {
      touch();
      return { out: 1 };
    });
    expect(outcome).toEqual({ error: expect.stringContaining(`threw Error: ${message}`) });
  });

  it('lets a transform build dates from numbers', () => {
    expect(
      run('timestamp', (_, { asOf }) => {
        const date = new Date(asOf);
        date.setUTCHours(0, 0, 0, 0);
        return { out: date instanceof Date ? date.getTime() : Date.UTC(2020, 0, 1) };
      }),
    ).toEqual({ values: { out: 1_699_920_000_000 } });
  });

  it('puts clock, randomness and globals back, whether the transform returns or throws', () => {
    const names = ['Date', 'setTimeout', 'fetch', 'process', 'performance', 'crypto'];
    const state = () => [
      Date.now,
      Math.random,
      ...names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)),
    ];
    const before = state();
    run('float64', () => ({ out: 1 }));
    run('float64', () => {
      throw new Error('boom');
    });
    expect(state()).toEqual(before);
    expect(Date.now()).toBeGreaterThan(1_600_000_000_000);
  });

  it('fails when a transform returns a promise, even one that rejects', async () => {
    const outcome = run('float64', async () => {
      throw new Error('later');
    });
    expect(outcome).toEqual({
      error: 'transform of trip_features@2 returned a promise; it must be synchronous',
    });
    await new Promise((resolve) => setTimeout(resolve, 5)); // an unhandled rejection would fail the run
  });

  it('fails when a transform throws, names no output, adds one or returns no object', () => {
    const thrown = run('float64', () => {
      throw new RangeError('no fare');
    });
    expect(thrown).toEqual({ error: 'transform of trip_features@2 threw RangeError: no fare' });
    expect(run('float64', () => ({}))).toEqual({
      error: 'transform of trip_features@2 returned no out; return null where there is no value',
    });
    expect(run('float64', () => ({ out: 1, more: 2 }))).toEqual({
      error: 'transform of trip_features@2 returned more, which is not a declared output',
    });
    expect(run('float64', () => undefined)).toEqual({
      error: 'transform of trip_features@2 returned undefined; it must return an object of outputs',
    });
    expect(run('float64', () => [1])).toMatchObject({ error: expect.stringContaining('must return an object') });
  });

  it('fails when a transform writes to its inputs', () => {
    expect(run('float64', ({ trip }) => ({ out: trip.tags.push('b') }))).toMatchObject({
      error: expect.stringContaining('threw TypeError'),
    });
    expect(
      run('float64', ({ trip }) => {
        trip.km = 4;
        return { out: 1 };
      }),
    ).toMatchObject({ error: expect.stringContaining('threw TypeError') });
  });
});
