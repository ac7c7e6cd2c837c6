/** Ranks from 1 in ascending order; equal values share the mean of their ranks. No value may be NaN. */
export function averageRanks(values: readonly number[]): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    const value = values[order[start] ?? 0];
    while (end < order.length && values[order[end] ?? 0] === value) end++;
    for (let at = start; at < end; at++) ranks[order[at] ?? 0] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/**
 * Area under the ROC curve: the chance that a positive has the greater value than a negative, ties counting half. In [0, 1], 0.5 where the
 * values say nothing; undefined without a positive or without a negative.
 */
export function areaUnderCurve(values: readonly number[], isPositive: readonly boolean[]): number | undefined {
  const ranks = averageRanks(values);
  let [positives, rankSum] = [0, 0];
  for (const [at, rank] of ranks.entries())
    if (isPositive[at]) {
      positives++;
      rankSum += rank;
    }
  const negatives = values.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Pearson's correlation, in [-1, 1]; undefined where either side never varies. Two passes, so that large offsets cost no digits. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [squaresA, squaresB, products] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [(a[at] ?? 0) - meanA, (b[at] ?? 0) - meanB];
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  if (squaresA === 0 || squaresB === 0) return undefined;
  // Roots apart: the product of the sums may leave the range of a double.
  return Math.max(-1, Math.min(1, products / (Math.sqrt(squaresA) * Math.sqrt(squaresB))));
}

/** Spearman's correlation: Pearson's of the ranks, 1 for every strictly rising relation. */
export const rankCorrelation = (a: readonly number[], b: readonly number[]): number | undefined =>
  correlation(averageRanks(a), averageRanks(b));

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += (values[at] ?? 0) / values.length;
  return sum;
}
