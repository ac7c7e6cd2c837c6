/**
 * Runs `work` on every item, at most `limit` at a time, pipelined: a worker takes the next item as soon as its last one is done.
 * After the first error no further item is started; rejects with that error once the running ones have settled.
 */
export async function forEachConcurrent<TItem>(
  items: readonly TItem[],
  limit: number,
  work: (item: TItem) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failure) {
      const item = items[next++];
      if (item === undefined) continue;
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failure) throw failure.error;
}

/** Items in blocks of `size`; the last block may be shorter. */
export const chunked = <TItem>(items: readonly TItem[], size: number): TItem[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
