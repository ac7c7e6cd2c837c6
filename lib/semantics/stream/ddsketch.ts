/**
 * DDSketch with the linearly interpolated mapping (ADR 11): |x| in [2^e, 2^(e+1)) falls into one of S equal parts. A bucket is named by one
 * integer whose order is that of the values: 0 for |x| < 2^-30, else sign(x) * ((e + 30) * S + part + 1).
 */

/** |x| below 2^minimumExponent is zero; |x| from 2^exponentEnd on has no bucket. */
export const minimumExponent = -30;
export const exponentEnd = 63;
/** 2^e for e from minimumExponent to exponentEnd, both inclusive: what SQL compares |x| with. */
export const powersOfTwo: readonly number[] = Array.from(
  { length: exponentEnd - minimumExponent + 1 },
  (_, index) => 2 ** (minimumExponent + index),
);

/** S: equal parts of each power of two. */
export const partsPerPower = (relativeError: number): number => Math.ceil(1 / (2 * relativeError));

const bits = new DataView(new ArrayBuffer(8));
/** e with 2^e <= x < 2^(e+1), of a normal positive float64: read from its bits, for logarithms round. */
function exponentOf(x: number): number {
  bits.setFloat64(0, x);
  return (bits.getUint16(0) >> 4) - 1023;
}

/** Bucket of a finite x with |x| < 2^63. */
export function bucketOf(x: number, parts: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** minimumExponent) return 0;
  const exponent = exponentOf(magnitude);
  const part = Math.floor((magnitude / 2 ** exponent - 1) * parts);
  const bucket = (exponent - minimumExponent) * parts + part + 1;
  return x < 0 ? -bucket : bucket;
}

/** Middle of a bucket: at most relativeError away from each of its values, as a share of them. */
export function bucketValue(bucket: number, parts: number): number {
  if (bucket === 0) return 0;
  const index = Math.abs(bucket) - 1;
  const exponent = Math.floor(index / parts) + minimumExponent;
  return Math.sign(bucket) * (2 ** exponent * (1 + ((index % parts) + 0.5) / parts));
}

/** Number of values by bucket. */
export type BucketCounts = Map<number, number>;

/** Value of the bucket that holds the rank floor(quantile * (n - 1)), counted from 0 in the order of values; undefined without values. */
export function quantileValue(
  counts: BucketCounts,
  { quantile, parts }: { readonly quantile: number; readonly parts: number },
): number | undefined {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let before = Math.floor(quantile * (total - 1));
  for (const [bucket, count] of sorted) {
    if (before < count) return bucketValue(bucket, parts);
    before -= count;
  }
  return undefined;
}
