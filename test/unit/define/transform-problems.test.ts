import { describe, expect, it } from 'vitest';
import type { Definition } from '#define/definition.ts';
import { float32, float64, onDemandView, pick, requestSource } from '#define/index.ts';
import { batch, onDemand, saidOf, unchecked } from './fixture.ts';

const cases: readonly (readonly [what: string, definitions: readonly Definition[], said: string])[] = [
  [
    'an input that picks an unknown feature',
    [onDemand({ inputs: { stats: pick(unchecked(batch({})), ['nope']) } })],
    'define.unknownFeature: input "stats" of view "computed" picks feature "nope", which is not in view "stats"; it has trips_1d',
  ],
  [
    'an on-demand view without outputs',
    [onDemand({ outputs: {} })],
    'define.noFeatures: view "computed" has no outputs; give at least one',
  ],
  [
    'an output without owner',
    [onDemand({ owner: undefined })],
    'define.noOwner: output "miles" of view "computed" has no owner; give one to the output or the view',
  ],
  [
    'a transform that reads the clock',
    [onDemand({ transform: () => ({ miles: Date.now() }) })],
    'define.impureTransform: transform of view "computed" uses Date.now; the clock is asOf',
  ],
  [
    'a transform that makes the present date',
    [onDemand({ transform: () => ({ miles: new Date().getUTCHours() }) })],
    'define.impureTransform: transform of view "computed" uses new Date() without an argument; the clock is asOf',
  ],
  [
    'a transform that rolls dice and hides it',
    [
      onDemand({
        transform: () => {
          try {
            return { miles: Math.random() };
          } catch {
            return { miles: 1 };
          }
        },
      }),
    ],
    'define.impureTransform: transform of view "computed" uses Math.random; a result may depend on inputs and asOf only',
  ],
  [
    'a transform that reads the environment',
    [onDemand({ transform: () => ({ miles: process.pid }) })],
    'define.impureTransform: transform of view "computed" uses process; a result may depend on inputs and asOf only',
  ],
  [
    'an asynchronous transform',
    [onDemand({ transform: async () => ({ miles: 1 }) })],
    'define.wrongOutput: transform of view "computed" returned a promise; it must be synchronous',
  ],
  [
    'a transform without a declared output',
    [onDemand({ transform: () => ({ mile: 1 }) })],
    'define.wrongOutput: transform of view "computed" returned "mile", which is not an output; it has miles',
  ],
  [
    'a transform that returns another type',
    [onDemand({ transform: () => ({ miles: 1n }) })],
    'define.wrongOutput: transform of view "computed" returned a bigint for output "miles", which is float64',
  ],
  [
    'no transform',
    [onDemand({ transform: undefined })],
    'define.wrongTransform: transform of view "computed" must be a function, got undefined',
  ],
];

describe('compile refuses', () => {
  it.each(cases)('%s', (_, definitions, said) => {
    expect(saidOf(...definitions)).toContain(said);
  });

  it('on-demand views that read each other in a circle', () => {
    const inputs: Record<string, unknown> = {};
    const first = onDemandView('first', {
      inputs: unchecked(inputs),
      outputs: { x: float64() },
      owner: 'x',
      transform: () => ({ x: 1 }),
    });
    const second = onDemandView('second', {
      inputs: { first },
      outputs: { x: float64() },
      owner: 'x',
      transform: () => ({ x: 1 }),
    });
    inputs.back = unchecked(second);
    expect(saidOf(first)).toEqual([
      'define.cycle: on-demand views read each other in a circle: first@1 -> second@1 -> first@1; take one input out',
    ]);
  });

  it('a transform whose result depends on the calls before', () => {
    let calls = 0;
    expect(saidOf(onDemand({ transform: () => ({ miles: calls++ }) }))).toEqual([
      'define.nondeterministicTransform: transform of view "computed" gave other results for the same inputs when they came again or in another order; it may depend on its inputs and asOf only: keep nothing between calls',
    ]);
  });

  it('a transform that depends on the order of calls only', () => {
    let previous: unknown = null;
    const transform = ({ request: { km } }: { request: { km: number | null } }) => {
      const result = { miles: previous === null ? 0 : 1 };
      previous = km;
      return result;
    };
    expect(saidOf(onDemand({ transform }))[0]).toMatch(/^define\.nondeterministicTransform/);
  });
});

describe('a transform', () => {
  it('may throw for some inputs: such a value is an error when it is asked for', () => {
    const transform = ({ request: { km } }: { request: { km: number | null } }) => {
      if (km === null) throw new Error('no distance');
      return { miles: km };
    };
    expect(saidOf(onDemand({ transform }))).toEqual([]);
  });

  it('may use dates that it is given', () => {
    const transform = (_: unknown, { asOf }: { asOf: number }) => ({ miles: new Date(asOf).getUTCHours() });
    expect(saidOf(onDemand({ transform }))).toEqual([]);
  });

  it('leaves the globals as they were after the check', () => {
    const before = [Date, Date.now, Math.random, setTimeout, fetch, process, performance];
    saidOf(onDemand({ transform: () => ({ miles: Date.now() }) }));
    expect([Date, Date.now, Math.random, setTimeout, fetch, process, performance]).toEqual(before);
    expect(Date.now()).toBeGreaterThan(1.7e12);
  });

  it('gets float32 inputs that float32 holds', () => {
    const seen: number[] = [];
    const field = requestSource('field', { schema: { x: float32() } });
    const view = onDemandView('seen', {
      inputs: { field },
      outputs: { x: float32() },
      owner: 'x',
      transform: (inputs) => {
        if (inputs.field.x !== null) seen.push(inputs.field.x);
        return { x: inputs.field.x };
      },
    });
    expect(saidOf(view)).toEqual([]);
    expect(seen.length).toBeGreaterThan(50);
    expect(seen.every((x) => Object.is(Math.fround(x), x))).toBe(true);
  });
});
