import { int64Max, int64Min } from '#semantics/value.ts';
import type { CsvCell } from './csv-records.ts';

/** Types that a CSV column may get. Times stay texts, exactly as written. */
export type CsvType = 'int64' | 'float64' | 'bool' | 'string';

const integerPattern = /^(?:0|-?[1-9]\d{0,18})$/;
const floatPattern = /^-?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?$|^NaN$|^-?(?:inf|Infinity)$/;
const boolPattern = /^(?:true|True|TRUE|false|False|FALSE)$/;
const specialFloats: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

/**
 * A text without surplus zeros or plus sign that int64 holds: writing the value gives the text again, so that an id like 007,
 * +48123 or one of 20 digits stays a text.
 */
export const isIntegerText = (text: string): boolean =>
  integerPattern.test(text) && (text.length < 19 || isInt64Text(text));

const isInt64Text = (text: string): boolean => BigInt(text) >= int64Min && BigInt(text) <= int64Max;

/** A decimal number, NaN, inf or Infinity; digits without a point only as far as float64 counts exactly (2^53). */
export const isFloatText = (text: string): boolean =>
  floatPattern.test(text) && (!/^-?\d+$/.test(text) || Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER);

export const floatOf = (text: string): number => specialFloats[text] ?? Number(text);
export const isBoolText = (text: string): boolean => boolPattern.test(text);

/** Which types every cell of a column allows so far. */
export interface ColumnFacts {
  isEmpty: boolean;
  /** Row (from 0) of the first cell that is not of the type; undefined when there is none. */
  readonly firstNot: { int64?: number; float64?: number; bool?: number };
}

export const noFacts = (): ColumnFacts => ({ isEmpty: true, firstNot: {} });

/** Takes one more cell into account; empty ones allow every type. */
export function addCell(facts: ColumnFacts, cell: CsvCell | undefined, row: number): void {
  // `""` is the empty text in a column of texts and nothing in any other
  if (cell === null || cell === undefined || cell === '') return;
  facts.isEmpty = false;
  const { firstNot } = facts;
  if (firstNot.int64 === undefined && !isIntegerText(cell)) firstNot.int64 = row;
  if (firstNot.float64 === undefined && !isFloatText(cell)) firstNot.float64 = row;
  if (firstNot.bool === undefined && !isBoolText(cell)) firstNot.bool = row;
}

/** The narrowest type of a column: int64, then float64, then bool; string otherwise and for a column without any cell. */
export function inferType({ isEmpty, firstNot }: ColumnFacts): CsvType {
  if (isEmpty) return 'string';
  if (firstNot.int64 === undefined) return 'int64';
  if (firstNot.float64 === undefined) return 'float64';
  return firstNot.bool === undefined ? 'bool' : 'string';
}

/** The value of a cell of a column of this type; the column's facts allow the type. */
export function cellValue(cell: CsvCell, type: CsvType): string | number | bigint | boolean | null {
  if (cell === null) return null;
  if (type === 'string') return cell;
  if (cell === '') return null;
  if (type === 'int64') return BigInt(cell);
  return type === 'float64' ? floatOf(cell) : cell.toLowerCase() === 'true';
}
