import type { ColumnType, Value } from '#spec/value-type.ts';
import { type Moments, noMoments, withNumber } from './category-statistics.ts';
import { categoryOf, isNumeric, numberOf } from './label-profile.ts';

/** A feature with more different values is no category: every row might have its own. */
export const maximumCategories = 1_000;
const shownRows = 5;

/** A label of one row: its class by position, or its number. */
export type LabelValue = { readonly classAt: number } | { readonly number: number };

/** Rows of a sample as they are compared: value and label, position by position. */
export interface Sample {
  readonly values: number[];
  readonly classes: number[];
  readonly numbers: number[];
}

/**
 * What is kept of a feature while rows go by: exact counts of nulls and categories by class, and the numbers of sampled rows. Its size does not
 * grow with the rows beyond the sample.
 */
export class FeatureProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly sample: Sample = { values: [], classes: [], numbers: [] };
  /** Rows by class, without and with a value. */
  readonly nulls: number[];
  readonly filled: number[];
  /** The label's numbers in rows without and with a value, of sampled rows. */
  readonly nullness: { readonly numbers: number[]; readonly isNull: boolean[] } = { numbers: [], isNull: [] };
  /** First rows without a value, by class. */
  readonly nullRows: number[][];
  readonly #classes: number;
  #counts: Map<string, number[]> | undefined = new Map();
  #moments: Map<string, Moments> | undefined = new Map();

  /** `classes`: how many the label has; 0 for a number. */
  constructor(name: string, type: ColumnType, classes: number) {
    this.name = name;
    this.type = type;
    this.#classes = classes;
    this.nulls = new Array<number>(Math.max(1, classes)).fill(0);
    this.filled = new Array<number>(Math.max(1, classes)).fill(0);
    this.nullRows = this.nulls.map(() => []);
  }

  /** Counts of categories by class; undefined beyond maximumCategories. */
  get counts(): readonly (readonly number[])[] | undefined {
    return this.#counts && [...this.#counts.values()];
  }

  /** Moments of the label by category; undefined beyond maximumCategories. */
  get moments(): readonly Moments[] | undefined {
    return this.#moments && [...this.#moments.values()];
  }

  /** One row that has a label. `isSampled`: it takes part in what needs the values themselves. */
  add(
    value: Value,
    label: LabelValue,
    { row, isSampled }: { readonly row: number; readonly isSampled: boolean },
  ): void {
    const classAt = 'classAt' in label ? label.classAt : 0;
    const number = 'number' in label ? label.number : 0;
    const rows = this.nullRows[classAt];
    if (value === null && rows && rows.length < shownRows) rows.push(row);
    const side = value === null ? this.nulls : this.filled;
    side[classAt] = (side[classAt] ?? 0) + 1;
    if (isSampled && this.#classes === 0) {
      this.nullness.numbers.push(number);
      this.nullness.isNull.push(value === null);
    }
    if (value === null) return;
    if (isSampled && isNumeric(this.type)) this.#sample(numberOf(value), classAt, number);
    this.#categorize(categoryOf(value), classAt, number);
  }

  #sample(value: number | undefined, classAt: number, number: number): void {
    if (value === undefined) return;
    this.sample.values.push(value);
    if (this.#classes > 0) this.sample.classes.push(classAt);
    else this.sample.numbers.push(number);
  }

  #categorize(category: string | undefined, classAt: number, number: number): void {
    if (category === undefined) return;
    if (this.#classes > 0) {
      const counts = this.#counts?.get(category) ?? new Array<number>(this.#classes).fill(0);
      counts[classAt] = (counts[classAt] ?? 0) + 1;
      this.#counts?.set(category, counts);
      if (this.#counts && this.#counts.size > maximumCategories) this.#counts = undefined;
      return;
    }
    this.#moments?.set(category, withNumber(this.#moments.get(category) ?? noMoments, number));
    if (this.#moments && this.#moments.size > maximumCategories) this.#moments = undefined;
  }
}
