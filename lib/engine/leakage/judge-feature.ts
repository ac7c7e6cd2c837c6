import { decidesClass, explainedShare, explainedVariance } from './category-statistics.ts';
import type { FeatureProfile } from './feature-profile.ts';
import { isNumeric, type LabelKind } from './label-profile.ts';
import type { Leak } from './leak.ts';
import { areaUnderCurve, correlation, rankCorrelation } from './rank-statistics.ts';

/** From here on a measure is suspicious: honest features of real problems stay well below. */
export const suspiciousFrom = {
  areaUnderCurve: 0.98,
  correlation: 0.98,
  explainedShare: 0.9,
  explainedVariance: 0.95,
} as const;
/** Fewer rows of a class, or on one side of a comparison, prove nothing: ten of twenty in order are chance once in 180,000 times. */
export const minimumRows = 10;
/** Fewer rows a category prove nothing either: a category of one row always decides its class. */
const minimumRowsPerCategory = 5;
/** What rounding leaves of a perfect correlation. */
const perfectFrom = 1 - 1e-9;

type MeasureName = keyof typeof suspiciousFrom;
interface Measure {
  readonly name: MeasureName;
  /** In [0, 1], 1 is perfect. */
  readonly value: number;
  readonly isPerfect: boolean;
  readonly rows: number;
}

/** What a feature tells of the label beyond belief: at most one leak by its values and one by its nulls. `rows`: with a label. */
export function judgeFeature(profile: FeatureProfile, label: LabelKind, rows: number): Leak[] {
  const measures = label.kind === 'classes' ? ofClasses(profile) : ofNumber(profile);
  return [...byValues(profile, measures, rows), ...byNulls(profile, label, rows)];
}

function byValues({ name }: FeatureProfile, measures: readonly Measure[], rows: number): Leak[] {
  const found = measures
    .filter((measure) => measure.isPerfect || measure.value >= suspiciousFrom[measure.name])
    .sort((a, b) => Number(b.isPerfect) - Number(a.isPerfect) || b.value - a.value)[0];
  if (!found) return [];
  return [
    {
      kind: found.isPerfect ? 'perfectPredictor' : 'suspiciousPredictor',
      features: [name],
      measure: { name: found.name, value: found.value },
      rows: found.rows,
      ofRows: rows,
      examples: [],
    },
  ];
}

function ofClasses({ type, sample, counts }: FeatureProfile): Measure[] {
  const measures: Measure[] = [];
  if (isNumeric(type)) {
    const sizes = new Map<number, number>();
    for (const classAt of sample.classes) sizes.set(classAt, (sizes.get(classAt) ?? 0) + 1);
    for (const [classAt, size] of sizes) {
      if (size < minimumRows || sample.values.length - size < minimumRows) continue;
      const isPositive = sample.classes.map((other) => other === classAt);
      const area = areaUnderCurve(sample.values, isPositive) ?? 0.5;
      const value = Math.max(area, 1 - area);
      measures.push({ name: 'areaUnderCurve', value, isPerfect: value === 1, rows: sample.values.length });
    }
  }
  if (counts) {
    const filled = counts.flat().reduce((sum, count) => sum + count, 0);
    const share = explainedShare(counts);
    if (share !== undefined && hasEnough(counts) && filled >= minimumRowsPerCategory * counts.length)
      measures.push({ name: 'explainedShare', value: share, isPerfect: decidesClass(counts), rows: filled });
  }
  return measures;
}

/** Two classes at least with rows enough. */
const hasEnough = (counts: readonly (readonly number[])[]): boolean =>
  (counts[0] ?? []).filter((_, at) => counts.reduce((sum, row) => sum + (row[at] ?? 0), 0) >= minimumRows).length >= 2;

function ofNumber({ type, sample, moments }: FeatureProfile): Measure[] {
  const measures: Measure[] = [];
  const rows = sample.values.length;
  if (isNumeric(type) && rows >= 2 * minimumRows)
    for (const found of [correlation(sample.values, sample.numbers), rankCorrelation(sample.values, sample.numbers)]) {
      const value = Math.abs(found ?? 0);
      measures.push({ name: 'correlation', value, isPerfect: value >= perfectFrom, rows });
    }
  const filled = moments?.reduce((sum, { count }) => sum + count, 0) ?? 0;
  if (!moments || filled < 2 * minimumRows || filled < minimumRowsPerCategory * moments.length) return measures;
  const value = explainedVariance(moments) ?? 0;
  measures.push({ name: 'explainedVariance', value, isPerfect: value >= perfectFrom, rows: filled });
  return measures;
}

/** Nulls that stand exactly where one class stands, or where the label is above or below some number. */
function byNulls(profile: FeatureProfile, label: LabelKind, rows: number): Leak[] {
  const { name, nulls, filled, nullness } = profile;
  const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  if (total(nulls) < minimumRows || total(filled) < minimumRows) return [];
  const leak = (value: number, examples: readonly number[]): Leak => ({
    kind: 'nullPattern',
    features: [name],
    measure: { name: label.kind === 'classes' ? 'explainedShare' : 'areaUnderCurve', value },
    rows: total(nulls),
    ofRows: rows,
    examples: examples.map((row) => ({ row })),
  });
  const examples = [...profile.nullRows.flat()].sort((a, b) => a - b).slice(0, 5);
  if (label.kind === 'classes') {
    const share = explainedShare([nulls, filled]) ?? 0;
    // With more classes than two, nulls that single one class out are found here as well.
    const area = Math.max(...nulls.map((_, at) => separation(nulls, filled, at)));
    return share >= suspiciousFrom.explainedShare || area === 1 ? [leak(Math.max(share, area), examples)] : [];
  }
  const area = areaUnderCurve(nullness.numbers, nullness.isNull) ?? 0.5;
  const value = Math.max(area, 1 - area);
  return value >= suspiciousFrom.areaUnderCurve ? [leak(value, examples)] : [];
}

/** 1 where the rows of a class are exactly the rows without a value, or exactly those with one; else 0. */
function separation(nulls: readonly number[], filled: readonly number[], at: number): number {
  const others = (counts: readonly number[]): number =>
    counts.reduce((sum, count, other) => sum + (other === at ? 0 : count), 0);
  const isNullClass = filled[at] === 0 && others(nulls) === 0;
  const isFilledClass = nulls[at] === 0 && others(filled) === 0;
  return isNullClass || isFilledClass ? 1 : 0;
}
