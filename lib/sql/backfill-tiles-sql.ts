/** PLACEHOLDER (uncommitted) until the real one lands. */
export const backfillTilesSql = (options: {
  readonly database: string;
  readonly manifest: unknown;
  readonly view: unknown;
  readonly cutMillis: number;
  readonly asOfMillis: number;
}): string => `SELECT ${options.cutMillis} AS placeholder`;
