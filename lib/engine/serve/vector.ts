import { wireWriter } from '#codec/wire-json.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';
import type { ServePlan } from './plan.ts';

type NumberWriter = (value: Value) => string;

/** Types that a vector may hold, each with how its values are written there: timestamps are numbers in memory only. */
const writers: Partial<Record<FeatureType, NumberWriter>> = {
  int32: wireWriter('int32'),
  int64: wireWriter('int64', { int64: 'number' }),
  float32: wireWriter('float32'),
  float64: wireWriter('float64'),
  bool: (value) => (value === true ? '1' : '0'),
};

/** The features of a plan that no vector can hold, as `name (type)` in the order of the plan. */
export const notInVectors = ({ names, types }: Pick<ServePlan, 'names' | 'types'>): string[] =>
  names.flatMap((name, index) => {
    const type = types[index];
    return type === undefined || writers[type] ? [] : [`${name} (${type})`];
  });

/**
 * The members of a row in format vector, as JSON text: `vector`, and with a fill also `filled`, the positions (from 0, ascending) whose
 * null it replaced. The types must be such that notInVectors finds nothing; NaN and infinities are values and stay.
 */
export function vectorText(types: readonly FeatureType[], values: readonly Value[], fill: number | undefined): string {
  const nullText = fill === undefined ? 'null' : JSON.stringify(fill);
  const nulls: number[] = [];
  const elements = types.map((type, index) => {
    const value = values[index] ?? null;
    if (value !== null) return writers[type]?.(value) ?? 'null';
    nulls.push(index);
    return nullText;
  });
  return `"vector":[${elements.join(',')}]${fill === undefined ? '' : `,"filled":[${nulls.join(',')}]`}`;
}
