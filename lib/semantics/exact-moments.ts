/**
 * Mean and standard deviation that depend on the values alone, not on their order or grouping: sums are kept as whole numbers without any
 * rounding, and divided once at the end.
 */

/** Sums over values x_i = n_i / unit of whole n_i: of the n_i and of their squares. */
export interface Moments {
  readonly count: number;
  readonly sum: bigint;
  readonly squares: bigint;
}

/** Every finite float64 is a whole multiple of 2^-1074. */
const smallestExponent = 1074n;
export const floatUnit = 2n ** smallestExponent;

const bits = new DataView(new ArrayBuffer(8));
/** x * floatUnit of a finite x, exactly. */
export function floatUnits(x: number): bigint {
  bits.setFloat64(0, x);
  const raw = bits.getBigUint64(0);
  const exponent = (raw >> 52n) & 0x7ffn;
  const fraction = raw & 0xf_ffff_ffff_ffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return x < 0 ? -magnitude : magnitude;
}

/** x * 2^exponent in two steps: one power may be out of range where the product is not. */
const scaled = (x: number, exponent: number): number => {
  const half = Math.trunc(exponent / 2);
  return x * 2 ** half * 2 ** (exponent - half);
};

/** numerator / denominator as about 2^bits times a power of two that it also returns; what is cut off is marked in the last bit. */
function quotient(numerator: bigint, denominator: bigint, wantedBits: number): { whole: number; exponent: number } {
  const length = (n: bigint): number => n.toString(16).length * 4;
  const shift = 2 * Math.ceil((wantedBits - length(numerator) + length(denominator)) / 2); // even, for roots
  const [above, below] =
    shift >= 0 ? [numerator << BigInt(shift), denominator] : [numerator, denominator << BigInt(-shift)];
  const whole = above / below;
  return { whole: Number(whole * below === above ? whole : whole | 1n), exponent: -shift };
}

const enoughBits = 70; // float64 has 53, and rounding looks at two more

/** The float64 nearest to numerator / denominator (> 0); an infinity beyond its range. */
export function nearestQuotient(numerator: bigint, denominator: bigint): number {
  if (numerator < 0n) return -nearestQuotient(-numerator, denominator);
  const { whole, exponent } = quotient(numerator, denominator, enoughBits);
  return scaled(whole, exponent);
}

/** Mean of the values, rounded once; undefined without values. */
export const meanOf = ({ count, sum }: Moments, unit: bigint): number | undefined =>
  count === 0 ? undefined : nearestQuotient(sum, BigInt(count) * unit);

/** Standard deviation of a sample (n - 1), within one unit in its last place; undefined for fewer than two values. */
export function deviationOf({ count, sum, squares }: Moments, unit: bigint): number | undefined {
  if (count < 2) return undefined;
  const n = BigInt(count);
  const { whole, exponent } = quotient(n * squares - sum * sum, n * (n - 1n) * unit * unit, 2 * enoughBits);
  return scaled(Math.sqrt(whole), exponent / 2);
}
