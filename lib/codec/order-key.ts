import type { OrderedRow } from '#semantics/row-order.ts';
import { isList } from '#semantics/value.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StoredView } from '#spec/manifest.ts';
import {
  elementType,
  type FeatureType,
  isListType,
  type ScalarType,
  type ScalarValue,
  type Value,
} from '#spec/value-type.ts';

/**
 * The row order (ARCHITECTURE "Row order") as one text that sorts by its UTF-8 bytes: DynamoDB compares it in write conditions.
 * Every part is prefix-free (fixed width or ended by a character below all others), so the parts simply follow each other:
 * times and run as 14 hex digits, then for table views the features and the tombstone flag.
 */

const timeBias = 2 ** 52;
const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');

/** 14 hex digits of a whole number in [-2^52, 2^52), about the years -140,000 to 144,000 in milliseconds. */
function wholeKey(value: number): string {
  if (!Number.isInteger(value) || value < -timeBias || value >= timeBias)
    throw new TidemarkError(
      'codec.unorderedValue',
      `${value} has no order key; allowed are whole numbers in [-2^52, 2^52)`,
    );
  return hex(value + timeBias, 14);
}

const floatView = new DataView(new ArrayBuffer(8));
/** 16 hex digits: the bits of the float, flipped so that they sort as floats do; NaN greatest, -0 as 0. */
function floatKey(value: number): string {
  if (Number.isNaN(value)) return 'ffffffffffffffff';
  floatView.setFloat64(0, value === 0 ? 0 : value);
  const bits = floatView.getBigUint64(0);
  return hex(bits >> 63n === 1n ? ~bits & 0xffffffffffffffffn : bits | 0x8000000000000000n, 16);
}

/** NUL and U+0001 are escaped by U+0001, so that U+0001 U+0001 ends a text below every continuation of it. */
const textKey = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the two escaped characters
  `${text.replace(/[\u0000\u0001]/g, (unit) => (unit === '\u0000' ? '\u0001\u0002' : '\u0001\u0003'))}\u0001\u0001`;

/** Two hex digits per byte; the point that ends them sorts below every digit. */
const bytesKey = (bytes: Uint8Array): string => `${Array.from(bytes, (byte) => hex(byte, 2)).join('')}.`;

function scalarKey(type: ScalarType, value: ScalarValue): string {
  if (typeof value === 'string') return textKey(value);
  if (typeof value === 'bigint') return hex(value + 2n ** 63n, 16);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'number') return bytesKey(value);
  return type === 'float32' || type === 'float64' ? floatKey(value) : wholeKey(value);
}

/** `0` for null, else `1` and the key of the value; lists end with a point, below the `0` or `1` of a further element. */
function valueKey(type: FeatureType, value: Value): string {
  if (value === null) return '0';
  if (!isListType(type)) {
    if (isList(value)) throw new TypeError('a list has no order key as a scalar');
    return `1${scalarKey(type, value)}`;
  }
  if (!isList(value)) throw new TypeError('a scalar has no order key as a list');
  const element = elementType(type);
  return `1${value.map((item) => valueKey(element, item)).join('')}.`;
}

/** The parts of a view that its rows' order needs. */
export type OrderedView = Pick<StoredView, 'kind'> & {
  readonly features: readonly Pick<StoredView['features'][number], 'type'>[];
};

/**
 * Order text of a row: `orderKey(view, a) < orderKey(view, b)` by UTF-8 bytes exactly when compareRows(a, b) < 0. A table view's row
 * needs `values` (also of a tombstone: what the source's row holds) and `deleted`; a batch view's order ends at its run.
 * Throws codec.unorderedValue for times and runs beyond 2^52.
 */
export function orderKey(view: OrderedView, row: OrderedRow): string {
  const eventTime = row.eventTimeMillis ?? 0;
  const head = wholeKey(eventTime) + wholeKey(row.createdTimeMillis ?? eventTime) + wholeKey(row.run ?? 0);
  if (view.kind === 'batch') return head;
  const values = view.features.map((feature, index) => valueKey(feature.type, row.values?.[index] ?? null));
  return `${head}${values.join('')}${row.deleted ? '1' : '0'}`;
}
