import { elementType, type FeatureType, isListType, type ScalarType } from '#spec/value-type.ts';
import { outOfReach } from './compile/out-of-reach.ts';
import { named, type Problems, shown } from './compile/problems.ts';
import { type InputTypes, type SampleCall, sampleCalls } from './compile/samples.ts';
import type { OnDemandView } from './on-demand-view.ts';

/**
 * Runs a transform on generated inputs of its declared types, forwards and backwards, twice each, with the clock, randomness, timers,
 * the network and the process out of reach. Reports results that differ, use of what is out of reach, and results of the wrong
 * shape. A throw alone is no problem: such a value is ERROR when served and null when trained on.
 */
export function checkDeterminism(view: OnDemandView, types: InputTypes, problems: Problems): void {
  const { name, origin } = view;
  if (typeof view.transform !== 'function') {
    problems.add(
      origin,
      'wrongTransform',
      `transform of view "${name}" must be a function, got ${shown(view.transform)}`,
    );
    return;
  }
  const calls = sampleCalls(types);
  const attempts = new Set<string>();
  const run = (order: readonly SampleCall[]): ReadonlyMap<SampleCall, Outcome> =>
    new Map(order.map((call) => [call, outcomeOf(view, call, attempts)] as const));
  const first = run(calls);
  const others = [run(calls.toReversed()), run(calls), run(calls.toReversed())];
  for (const attempt of [...attempts].sort())
    problems.add(origin, 'impureTransform', `transform of view "${name}" uses ${attempt}`);
  if (attempts.size > 0) return;
  if (others.some((other) => calls.some((call) => !isSame(first.get(call), other.get(call))))) {
    problems.add(
      origin,
      'nondeterministicTransform',
      `transform of view "${name}" gave other results for the same inputs when they came again or in another order; it may depend on its inputs and asOf only: keep nothing between calls`,
    );
    return;
  }
  const wrong = new Set([...first.values()].flatMap((outcome) => wrongShapes(view, outcome)));
  for (const message of [...wrong].sort())
    problems.add(origin, 'wrongOutput', `transform of view "${name}" ${message}`);
}

/** True where another function gives the same results as the view's transform on generated inputs. */
export function compareTransforms(
  { view, types }: { readonly view: OnDemandView; readonly types: InputTypes },
  other: unknown,
): boolean {
  if (typeof other !== 'function') return false;
  const attempts = new Set<string>();
  const others = { transform: (inputs: unknown, context: unknown): unknown => other(inputs, context) };
  return sampleCalls(types).every((call) => isSame(outcomeOf(view, call, attempts), outcomeOf(others, call, attempts)));
}

/** What a call returned, or that it threw; messages of errors may differ. */
type Outcome = { readonly returned: unknown } | 'threw';

/** A view's transform, whose input types are known at run time only. */
interface Transforming {
  // A method: one that takes particular inputs is one that takes any.
  transform(inputs: unknown, context: { readonly asOf: number }): unknown;
}

function outcomeOf(view: Transforming, { inputs, asOf }: SampleCall, attempts: Set<string>): Outcome {
  try {
    const returned = outOfReach(() => view.transform(inputs, { asOf }), attempts);
    // A promise is reported as a wrong result; its rejection must not end the process.
    if (returned instanceof Promise) returned.catch(() => {});
    return { returned };
  } catch {
    return 'threw';
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Promise && b instanceof Promise) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([name, value]) => isSame(value, Reflect.get(b, name)));
}

/** What is wrong with a result whatever its values are; ranges are judged where the transform really runs. */
function wrongShapes(view: OnDemandView, outcome: Outcome): readonly string[] {
  if (outcome === 'threw') return [];
  const { returned } = outcome;
  const outputs = Object.entries(view.options.outputs);
  const names = outputs.map(([output]) => output);
  if (returned instanceof Promise) return ['returned a promise; it must be synchronous'];
  if (typeof returned !== 'object' || returned === null)
    return [`returned ${shown(returned)}; it must return an object with ${named(names)}`];
  const extra = Object.keys(returned).filter((name) => !names.includes(name));
  return [
    ...extra.map((name) => `returned "${name}", which is not an output; it has ${named(names)}`),
    ...outputs.flatMap(([output, { type }]) => {
      const value: unknown = Reflect.get(returned, output);
      if (value === undefined) return [`returned no value for output "${output}"; return null where there is none`];
      return isOfKind(value, type) ? [] : [`returned a ${kindOf(value)} for output "${output}", which is ${type}`];
    }),
  ];
}

const kinds: Readonly<Record<ScalarType, string>> = {
  int32: 'number',
  int64: 'bigint',
  float32: 'number',
  float64: 'number',
  string: 'string',
  bool: 'boolean',
  timestamp: 'number',
  bytes: 'Uint8Array',
};
const kindOf = (value: unknown): string =>
  value instanceof Uint8Array ? 'Uint8Array' : Array.isArray(value) ? 'list' : typeof value;

function isOfKind(value: unknown, type: FeatureType): boolean {
  if (value === null) return true;
  if (!isListType(type)) return kindOf(value) === kinds[type as ScalarType]; // not a list, so a scalar
  return Array.isArray(value) && value.every((item) => item === null || kindOf(item) === kinds[elementType(type)]);
}
