import { isList } from '#semantics/value.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type ColumnType, decimalParts, isFloatType, isIntegerType, isListType, type Value } from '#spec/value-type.ts';

/** Numbers with more different values than this are measured as numbers, fewer as classes. */
export const maximumNumericClasses = 10;
/** A label of texts may have at most so many different ones. */
export const maximumClasses = 50;

/** What a label is: classes by their text, in order of first appearance, or a number. */
export type LabelKind = { readonly kind: 'classes'; readonly classes: readonly string[] } | { readonly kind: 'number' };

/** A scalar's text, equal for equal values; undefined for null, NaN and lists, which no statistic is made of. */
export function categoryOf(value: Value): string | undefined {
  if (value === null || isList(value) || Number.isNaN(value)) return undefined;
  if (value instanceof Uint8Array) return value.join(',');
  return Object.is(value, -0) ? '0' : String(value);
}

/** A value as a finite number (timestamps in epoch milliseconds, true as 1); undefined for what is none. */
export function numberOf(value: Value): number | undefined {
  const number = typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Types whose values have an order that a threshold can use. */
export const isNumeric = (type: ColumnType): boolean =>
  isIntegerType(type) ||
  isFloatType(type) ||
  type === 'timestamp' ||
  type === 'date' ||
  decimalParts(type) !== undefined;

/** Looks at every value of a label column, then tells what kind of label it is. */
export class LabelProfile {
  readonly #column: string;
  readonly #type: ColumnType;
  readonly #classes = new Set<string>();

  constructor(column: string, type: ColumnType) {
    this.#column = column;
    this.#type = type;
    if (isListType(type)) throw this.#bad(`is a ${type}`);
  }

  add(value: Value): void {
    if (this.#classes.size > maximumClasses) return; // more change nothing
    const category = categoryOf(value);
    if (category !== undefined) this.#classes.add(category);
  }

  /** Throws leakage.badLabel for a label that never varies, and for texts of too many kinds. */
  kind(): LabelKind {
    const classes = [...this.#classes];
    if (classes.length < 2)
      throw this.#bad(classes.length === 0 ? 'has no value' : `has the one value ${classes[0]} in every row`);
    if (isNumeric(this.#type) && classes.length > maximumNumericClasses) return { kind: 'number' };
    if (classes.length > maximumClasses) throw this.#bad(`has more than ${maximumClasses} different texts`);
    return { kind: 'classes', classes };
  }

  #bad(problem: string): TidemarkError {
    return new TidemarkError(
      'leakage.badLabel',
      `column ${this.#column} ${problem}; a label must be a number, or have 2 to ${maximumClasses} classes`,
      { details: { column: this.#column } },
    );
  }
}
