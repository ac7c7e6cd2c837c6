const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** A length of time in its greatest whole units: 1d, 36h, 90s, 1500ms. */
export function durationText(millis: number): string {
  for (const [unit, unitMillis] of units)
    if (millis > 0 && millis % unitMillis === 0) return `${millis / unitMillis}${unit}`;
  return `${millis}ms`;
}
