import { type Aggregation, aggregationsOf } from '#spec/aggregation.ts';
import type { AggregatedFeature } from '#spec/manifest.ts';

/** A window of an aggregation; the hop in stream views only. */
export type FrameWindow = Pick<Aggregation, 'windowMillis' | 'hopMillis'>;

/** Names a part, or anything else, over a window: equal windows have equal names. */
export const framed = (name: string, { windowMillis, hopMillis }: FrameWindow): string =>
  `${name}_${windowMillis}${hopMillis === undefined ? '' : `_${hopMillis}`}`;

const isSameWindow = (a: FrameWindow, b: FrameWindow): boolean =>
  a.windowMillis === b.windowMillis && a.hopMillis === b.hopMillis;

/** `windows` with `window`, once. */
export const withWindow = (
  windows: readonly FrameWindow[],
  { windowMillis, hopMillis }: FrameWindow,
): readonly FrameWindow[] => {
  const window = { windowMillis, ...(hopMillis === undefined ? {} : { hopMillis }) };
  return windows.some((known) => isSameWindow(known, window)) ? windows : [...windows, window];
};

/** The windows of features, each once, in the order of their first use. */
export const windowsOf = (features: readonly Pick<AggregatedFeature, 'formula'>[]): readonly FrameWindow[] =>
  features
    .flatMap(({ formula }) => aggregationsOf(formula))
    .reduce<readonly FrameWindow[]>((windows, aggregation) => withWindow(windows, aggregation), []);

/** The windows over which a part is needed, with their indexes in `windows`. */
export const framesOf = (
  part: { readonly windows: readonly FrameWindow[] },
  windows: readonly FrameWindow[],
): readonly { readonly window: FrameWindow; readonly index: number }[] =>
  windows.flatMap((window, index) =>
    part.windows.some((own) => isSameWindow(own, window)) ? [{ window, index }] : [],
  );
