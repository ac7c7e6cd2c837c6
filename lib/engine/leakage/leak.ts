import type { Value } from '#spec/value-type.ts';

/**
 * What a leak is:
 * - `perfectPredictor`, `suspiciousPredictor`: the values alone decide the label, or nearly;
 * - `nullPattern`: so do the nulls;
 * - `ownEvent`: a row or an event of the label's own key and very instant is in the value;
 * - `notYetAvailable`: at the label's time serving could not have had the row;
 * - `createdAfterLabel`: the row was written, or corrected, after the label's time, and the value was another before;
 * - `notAsJoined`: the dataset has another value than the point-in-time join gives today.
 */
export const leakKinds = [
  'perfectPredictor',
  'suspiciousPredictor',
  'nullPattern',
  'ownEvent',
  'notYetAvailable',
  'createdAfterLabel',
  'notAsJoined',
] as const;
export type LeakKind = (typeof leakKinds)[number];

/** One row that shows a leak; instants in epoch milliseconds. */
export interface LeakExample {
  /** Of the dataset, from 0. */
  readonly row: number;
  readonly labelMillis?: number;
  readonly entity?: Readonly<Record<string, Value>>;
  /** Of the feature row that was joined. */
  readonly eventMillis?: number;
  readonly createdMillis?: number;
  readonly feature?: string;
  /** In the dataset, and what it should have been. */
  readonly value?: Value;
  readonly expected?: Value;
}

export interface Leak {
  readonly kind: LeakKind;
  /** Result names, in the dataset's order. */
  readonly features: readonly string[];
  /** How strongly, where the kind is measured: in [0, 1], 1 is perfect. */
  readonly measure?: { readonly name: string; readonly value: number };
  /** Rows that show it (for predictors: rows with a value), of so many that were looked at. */
  readonly rows: number;
  readonly ofRows: number;
  /** The first few rows. */
  readonly examples: readonly LeakExample[];
}
