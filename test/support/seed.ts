/** Seed and number of cases of the random suites: TIDEMARK_SEED and TIDEMARK_CASES, else a fixed seed and the suite's own number. */
export function randomSettings(defaultCases: number): {
  readonly seed: number;
  readonly cases: number;
  readonly again: string;
} {
  const seed = Number(process.env.TIDEMARK_SEED ?? 20_130_101);
  const cases = Number(process.env.TIDEMARK_CASES ?? defaultCases);
  return { seed, cases, again: `TIDEMARK_SEED=${seed} TIDEMARK_CASES=${cases}` };
}

/** Counts how often each kind of case occurred, so that a generator can be held to what it claims to cover. */
export class Coverage {
  readonly #counts = new Map<string, number>();
  #cases = 0;

  case(kinds: Readonly<Record<string, boolean>>): void {
    this.#cases++;
    for (const [kind, occurred] of Object.entries(kinds))
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + Number(occurred));
  }

  /** Kinds that occurred in less than 1 % of the cases. */
  get thin(): readonly string[] {
    return [...this.#counts]
      .filter(([, count]) => count < this.#cases / 100)
      .map(([kind, count]) => `${kind}: ${count} of ${this.#cases}`);
  }
}
