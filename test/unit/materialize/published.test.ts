import { expect, it } from 'vitest';
import { withPublication } from '#engine/materialize/published.ts';
import type { BatchState } from '#engine/materialize/run-state.ts';

const state: BatchState = {
  kind: 'batch',
  fence: 3,
  publishedRun: 2,
  covered: [{ fromMillis: 0, toMillis: 20 }],
  onlinePending: [{ fromMillis: 10, toMillis: 20 }],
};
const ticks = [{ fromMillis: 30, toMillis: 40 }];

it('adds what a run has published to what is covered and to what earlier runs left for the online store', () => {
  expect(withPublication(state, { fence: 3, last: { run: 3, ticks }, partitions: [] })).toEqual({
    ...state,
    publishedRun: 3,
    covered: [{ fromMillis: 0, toMillis: 20 }, ...ticks],
    onlinePending: [{ fromMillis: 10, toMillis: 20 }, ...ticks],
  });
});

it('counts a publication once', () => {
  expect(withPublication(state, { fence: 3, last: { run: 2, ticks }, partitions: [] })).toBe(state);
  expect(withPublication(state, { fence: 3, last: undefined, partitions: [] })).toBe(state);
});
