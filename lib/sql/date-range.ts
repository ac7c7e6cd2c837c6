import { text } from './text.ts';

/** UTC dates `yyyy-MM-dd`, both inclusive; absent: unbounded. */
export interface DateRange {
  readonly first?: string;
  readonly last?: string;
}

/** Conditions on a date column (quoted) that keep a range of dates. */
export const datesWithin = (column: string, { first, last }: DateRange): string[] => [
  ...(first === undefined ? [] : [`${column} >= ${text(first)}`]),
  ...(last === undefined ? [] : [`${column} <= ${text(last)}`]),
];
