/**
 * Floats are summed as integers round(x * 10^scale), so that no result depends on the order of events (ADR-3). The literal of each
 * power is read by the same rule everywhere: `10 ** 23` differs from `1e23` in the last bit, and SQL has only the latter.
 */

/** Exclusive bound of |x| * 10^scale in sums: below it every integer is exact in float64. */
export const sumBound = 2 ** 53;
/** Exclusive bound in sums of squares: below it no window of fewer than 10^9 values overflows decimal(38). */
export const squareBound = 2 ** 47;

/** The float64 nearest to 10^exponent. */
export const powerOfTen = (exponent: number): number => Number(`1e${exponent}`);

/** Rounds half away from zero. Math.round rounds half up; adding 0.5 first turns 0.49999999999999994 into 1. */
function roundHalfAway(x: number): number {
  const magnitude = Math.abs(x);
  const floor = Math.floor(magnitude);
  return Math.sign(x) * (magnitude - floor >= 0.5 ? floor + 1 : floor);
}

/** The integer that a finite float contributes to exact sums; sums leave it out where its magnitude reaches their bound. */
export const toScaled = (x: number, scale: number): number => roundHalfAway(x * powerOfTen(scale)) + 0; // never -0

/** An exact integer: a number where that is exact, else a bigint. Equal integers have one form, see `whole`. */
export type Whole = number | bigint;

export const magnitudeOf = (n: Whole): Whole => (n < 0 ? -n : n);

/** The one form of an integer: a number up to 2^53 - 1 in magnitude, a bigint beyond. */
export const whole = (n: bigint): Whole => (n >= -9007199254740991n && n <= 9007199254740991n ? Number(n) : n);

export function addWhole(a: Whole, b: Whole): Whole {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return whole(BigInt(a) + BigInt(b));
}

export function squareOf(n: Whole): Whole {
  if (typeof n === 'number') {
    const square = n * n;
    if (Number.isSafeInteger(square)) return square;
  }
  return whole(BigInt(n) * BigInt(n));
}

/** The float64 nearest to n, half to even; undefined (overflow) for |n| >= 2^63, where engines stop to agree. */
export const toFloat64 = (n: Whole): number | undefined => (magnitudeOf(n) < 2n ** 63n ? Number(n) : undefined);
