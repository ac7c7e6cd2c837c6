/**
 * Floats are summed as integers round(x * 10^scale), so that no result depends on the order of events (ADR-3). The literal of each
 * power is read by the same rule everywhere: `10 ** 23` differs from `1e23` in the last bit, and SQL has only the latter.
 */

/** Exclusive bound of |x| * 10^scale in sums: below it every integer is exact in float64. */
export const sumBound = 2n ** 53n;
/** Exclusive bound in sums of squares: below it no window of fewer than 10^9 values overflows decimal(38). */
export const squareBound = 2n ** 47n;

/** The float64 nearest to 10^exponent. */
export const powerOfTen = (exponent: number): number => Number(`1e${exponent}`);

/** Rounds half away from zero. Math.round rounds half up; adding 0.5 first turns 0.49999999999999994 into 1. */
function roundHalfAway(x: number): number {
  const magnitude = Math.abs(x);
  const floor = Math.floor(magnitude);
  return Math.sign(x) * (magnitude - floor >= 0.5 ? floor + 1 : floor);
}

/**
 * What a float contributes to exact sums: 'ignored' for NaN and infinities, 'beyond' where |x| * 10^scale reaches 2^53 (the window then has no
 * exact sum), else the rounded integer.
 */
export function toScaled(x: number, scale: number): bigint | 'ignored' | 'beyond' {
  if (!Number.isFinite(x)) return 'ignored';
  const scaled = roundHalfAway(x * powerOfTen(scale));
  return Math.abs(scaled) < Number(sumBound) ? BigInt(scaled) : 'beyond';
}

export const magnitudeOf = (n: bigint): bigint => (n < 0n ? -n : n);

/** The float64 nearest to n, half to even; undefined (overflow) for |n| >= 2^63, where engines stop to agree. */
export const bigIntToFloat64 = (n: bigint): number | undefined => (magnitudeOf(n) < 2n ** 63n ? Number(n) : undefined);
