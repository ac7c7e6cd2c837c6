/** Entropy in nats of counts, with the correction of Miller and Madow for what few rows cannot show. */
function entropy(counts: Iterable<number>): number {
  let [total, sum, filled] = [0, 0, 0];
  for (const count of counts) {
    if (count === 0) continue;
    total += count;
    sum += count * Math.log(count);
    filled++;
  }
  return total === 0 ? 0 : Math.log(total) - sum / total + (filled - 1) / (2 * total);
}

/**
 * The share of a label's entropy that a category takes away: mutual information over the label's entropy, in [0, 1]; 1 when the category
 * decides the class. `table` has a row per category and a column per class. Corrected for chance, so that many rare categories do not look
 * like knowledge. Undefined where the label never varies.
 */
export function explainedShare(table: readonly (readonly number[])[]): number | undefined {
  const classes = table[0]?.map((_, at) => table.reduce((sum, row) => sum + (row[at] ?? 0), 0)) ?? [];
  if (classes.filter((count) => count > 0).length < 2) return undefined;
  const ofLabel = entropy(classes);
  const ofCategory = entropy(table.map((row) => row.reduce((sum, count) => sum + count, 0)));
  const information = ofLabel + ofCategory - entropy(table.flat());
  return Math.max(0, Math.min(1, information / ofLabel));
}

/** True where no category holds rows of two classes. */
export const decidesClass = (table: readonly (readonly number[])[]): boolean =>
  table.every((row) => row.filter((count) => count > 0).length <= 1);

/** Count, mean and sum of squared distances from the mean of a group of numbers. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}
export const noMoments: Moments = { count: 0, mean: 0, squares: 0 };

/** The moments with one more number (Welford). */
export function withNumber({ count, mean, squares }: Moments, value: number): Moments {
  const distance = value - mean;
  const newMean = mean + distance / (count + 1);
  return { count: count + 1, mean: newMean, squares: squares + distance * (value - newMean) };
}

/**
 * The share of a number's variance that its group takes away, corrected for the number of groups: 1 when the group decides the number, about
 * 0 for a group that says nothing. Undefined where the number never varies, or where every row is a group of its own.
 */
export function explainedVariance(groups: readonly Moments[]): number | undefined {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const mean = groups.reduce((sum, group) => sum + (group.mean * group.count) / count, 0);
  const within = groups.reduce((sum, group) => sum + group.squares, 0);
  const between = groups.reduce((sum, group) => sum + group.count * (group.mean - mean) ** 2, 0);
  const total = within + between;
  if (total === 0 || count <= groups.length) return undefined;
  return Math.max(0, 1 - within / (count - groups.length) / (total / (count - 1)));
}
