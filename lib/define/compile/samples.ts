import {
  elementType,
  type FeatureType,
  isListType,
  type ScalarType,
  type ScalarValue,
  type Value,
} from '#spec/value-type.ts';

/** Types of every input's values, by input name and feature or field name. */
export type InputTypes = Readonly<Record<string, Readonly<Record<string, FeatureType>>>>;

export interface SampleCall {
  readonly inputs: Readonly<Record<string, Readonly<Record<string, Value>>>>;
  readonly asOf: number;
}

const sampleCount = 32;

/** Calls with values of the declared types: first all null, then mixtures of ordinary and extreme values and nulls. Always the same. */
export function sampleCalls(types: InputTypes): readonly SampleCall[] {
  const random = generator(1);
  return Array.from({ length: sampleCount }, (_, index) => ({
    inputs: Object.freeze(
      mapValues(types, (fields) =>
        Object.freeze(mapValues(fields, (type) => (index === 0 || random() < 0.15 ? null : sampleOf(type, random)))),
      ),
    ),
    asOf: Math.floor(random() * 4e12) - 1e12,
  }));
}

/** Numbers in [0, 1) by a linear congruence (Numerical Recipes): repeatable, which is all that is asked. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

type Random = () => number;
const oneOf = <TItem>(items: readonly [TItem, ...TItem[]], random: Random): TItem =>
  items[Math.floor(random() * items.length)] ?? items[0];

function sampleOf(type: FeatureType, random: Random): Value {
  if (!isListType(type)) return scalars[type as ScalarType](random); // not a list, so a scalar
  return Object.freeze(Array.from({ length: Math.floor(random() * 4) }, () => scalars[elementType(type)](random)));
}

const whole = (random: Random): number => Math.floor(random() * 2000) - 500;
const float = (random: Random): number =>
  oneOf([0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, random() * 100, random() * 100, random() * -1e6], random);
const scalars: Readonly<Record<ScalarType, (random: Random) => ScalarValue>> = {
  int32: (random) => oneOf([0, 1, -1, 2 ** 31 - 1, -(2 ** 31), whole(random), whole(random)], random),
  int64: (random) =>
    oneOf([0n, 1n, -1n, 2n ** 63n - 1n, 2n ** 53n + 1n, BigInt(whole(random)), BigInt(whole(random))], random),
  float32: (random) => Math.fround(float(random)),
  float64: float,
  string: (random) => oneOf(['', 'a', 'B', 'é', '🚕', '0', `text ${whole(random)}`], random),
  bool: (random) => random() < 0.5,
  timestamp: (random) => oneOf([0, 1, -1, Math.floor(random() * 2e12)], random),
  bytes: (random) => Uint8Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * 256)),
};

const mapValues = <TFrom, TTo>(
  from: Readonly<Record<string, TFrom>>,
  change: (value: TFrom) => TTo,
): Readonly<Record<string, TTo>> =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value)]));
