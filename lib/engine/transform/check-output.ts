import { isInstant } from '#semantics/time.ts';
import { elementType, type FeatureType, isListType, type ScalarType, type Value } from '#spec/value-type.ts';

const int32Limit = 2 ** 31;
const int64Limit = 2n ** 63n;
/** Greatest |epoch milliseconds| that a JavaScript Date can hold. */

type Scalar = Exclude<Value, readonly unknown[]>;
/** The checked value as it is stored, or why it is refused. */
type Checked<TValue> = { readonly value: TValue } | { readonly problem: string };

const nameOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a Date';
  if (value === undefined) return 'undefined';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

const needs = (what: string, value: unknown): Checked<never> => ({ problem: `needs ${what}, got ${nameOf(value)}` });

const float32 = (value: number): Checked<number> => {
  const rounded = Math.fround(value);
  return Number.isFinite(value) && !Number.isFinite(rounded)
    ? { problem: 'is beyond the range of float32' }
    : { value: rounded };
};

const scalarChecks: { readonly [type in ScalarType]: (value: unknown) => Checked<Scalar> } = {
  int32: (value) => {
    if (typeof value !== 'number') return needs('a number', value);
    if (!Number.isInteger(value)) return { problem: 'is not a whole number' };
    return value >= -int32Limit && value < int32Limit ? { value } : { problem: 'is beyond the range of int32' };
  },
  int64: (value) => {
    if (typeof value !== 'bigint') return needs('a bigint (as in 5n)', value);
    return value >= -int64Limit && value < int64Limit ? { value } : { problem: 'is beyond the range of int64' };
  },
  float32: (value) => (typeof value === 'number' ? float32(value) : needs('a number', value)),
  float64: (value) => (typeof value === 'number' ? { value } : needs('a number', value)),
  string: (value) => {
    if (typeof value !== 'string') return needs('a string', value);
    return value.isWellFormed() ? { value } : { problem: 'is not valid Unicode (it has a lone surrogate)' };
  },
  bool: (value) => (typeof value === 'boolean' ? { value } : needs('true or false', value)),
  timestamp: (value) => {
    if (typeof value !== 'number') return needs('epoch milliseconds as a number', value);
    if (!Number.isInteger(value)) return { problem: 'is not whole milliseconds' };
    return isInstant(value) ? { value } : { problem: 'is beyond the years 0001 to 9999' };
  },
  bytes: (value) => (value instanceof Uint8Array ? { value } : needs('a Uint8Array', value)),
};

function checkList(type: ScalarType, value: unknown): Checked<Value> {
  if (!Array.isArray(value)) return needs('an array', value);
  const elements: Scalar[] = [];
  for (let index = 0; index < value.length; index++) {
    const element: unknown = value[index];
    const checked: Checked<Scalar> = element === null ? { value: null } : scalarChecks[type](element);
    if ('problem' in checked) return { problem: `element ${index} ${checked.problem}` };
    elements.push(checked.value);
  }
  return { value: elements };
}

/** A transform's output as a value of the declared type: float32 rounded, ranges checked, lists copied, null kept. */
export function checkOutput(type: FeatureType, value: unknown): Checked<Value> {
  if (value === null) return { value };
  return isListType(type) ? checkList(elementType(type), value) : scalarChecks[type](value);
}
