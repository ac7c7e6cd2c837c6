/** A value of the oracle: floats and int32 as number, int64 as bigint, timestamps as epoch milliseconds. */
export type OracleValue = number | bigint | string | boolean | Uint8Array | null | readonly OracleValue[];

const rank = (value: OracleValue): number =>
  value === null ? 0 : typeof value === 'number' && Number.isNaN(value) ? 2 : 1;

/** The order of values: null lowest, NaN above infinity, -0 as 0, strings by UTF-8 bytes, lists element by element. */
export function compare(a: OracleValue, b: OracleValue): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (a === null || b === null || rank(a) === 2) return 0;
  if (typeof a === 'string' && typeof b === 'string')
    return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compare(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
