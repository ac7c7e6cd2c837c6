/** One seeded fault. Some test of `tests` must fail with it; `*.cloud.test.ts` files need the local cloud. */
export interface Mutant {
  /** Rule of docs/semantics.md, in its order: what a user would see broken. */
  readonly rule: Rule;
  /** What is wrong with the mutant, in words. */
  readonly fault: string;
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

export const rules = [
  'time',
  'visibility',
  'windows',
  'streams',
  'order',
  'newer wins',
  'ttl',
  'absence',
  'training sets',
  'types',
  'aggregates',
  'entity keys',
  'deletes',
  'on-demand',
  'lag',
] as const;
export type Rule = (typeof rules)[number];
