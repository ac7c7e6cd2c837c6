/**
 * When an entity's windows are handed over to its second item. A first item within 1 KB costs one write unit a write; a hand-over rewrites
 * the second item, in a transaction. Both sizes differ by orders of magnitude between views, so the rule weighs them.
 */
export interface HandOverRule {
  /** Windows up to this, in bytes of text, stay where they are. */
  readonly fromBytes: number;
  /**
   * They are handed over from `effort` times sqrt(second item * what a write adds) bytes on. With n writes between hand-overs a write costs
   * growth * n / 2 for the growing item and 2 * second item / n for its hand-over: least where the item has grown to twice that root. 0: always.
   */
  readonly effort: number;
}

/** Measured (docs/measurements.md): items stay within 1 KB with their keys and progress. */
export const defaultHandOver: HandOverRule = { fromBytes: 768, effort: 1.25 };

/** A size is looked at again when it has grown by a quarter: the second item has to be read to weigh it. */
const stepRatio = 1.25;
const stepOf = (bytes: number, fromBytes: number): number =>
  bytes <= fromBytes ? -1 : Math.floor(Math.log(bytes / Math.max(1, fromBytes)) / Math.log(stepRatio));

/** True where a hand-over may be worth its while: the second item has to be read to know. Sizes: bytes of text, before and after a write. */
export const mayHandOver = (rule: HandOverRule, beforeBytes: number, afterBytes: number): boolean =>
  stepOf(afterBytes, rule.fromBytes) > stepOf(beforeBytes, rule.fromBytes);

export interface HandOverSizes {
  /** Windows of the first item, bytes of text. */
  readonly headBytes: number;
  /** Tiles or events among them: a write adds about one. */
  readonly pieces: number;
  /** The second item as it stands. */
  readonly closedBytes: number;
}

export const isWorthHandingOver = (
  { effort }: HandOverRule,
  { headBytes, pieces, closedBytes }: HandOverSizes,
): boolean => headBytes >= effort * Math.sqrt((closedBytes * headBytes) / Math.max(1, pieces));
