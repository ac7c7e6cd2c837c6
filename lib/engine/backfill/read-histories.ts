import { encodeEntityKey } from '#codec/entity-key.ts';
import { openParquet, readColumns } from '#codec/parquet-read.ts';
import type { RowSlice } from '#engine/materialize/split-rows.ts';
import { objectSource } from '#engine/object-source.ts';
import type { WindowState } from '#semantics/stream/window-state.ts';
import type { Entity } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import type { HistoryDecoder } from './decode-history.ts';

/** The history of one entity. */
export interface EntityHistory {
  /** Encoded partition key. Throws codec errors for keys that cannot be stored. */
  readonly entityKey: () => string;
  readonly state: WindowState;
}

export interface HistoriesOptions {
  readonly entity: Entity;
  readonly decoder: HistoryDecoder;
  readonly slices: readonly RowSlice[];
  readonly rowsPerBlock: number;
}

/** The histories of Parquet slices in blocks of at most `rowsPerBlock`: no more of them are in memory at once. */
export async function* readHistories(
  objects: Pick<Objects, 'getRange' | 'head'>,
  { entity, decoder, slices, rowsPerBlock }: HistoriesOptions,
): AsyncGenerator<EntityHistory[]> {
  const wanted = [...entity.keys.map(({ name, type }) => ({ name, as: type })), ...decoder.columns];
  for (const { key, rowStart, rowEnd } of slices) {
    const file = await openParquet(await objectSource(objects, key));
    for (let start = rowStart; start < rowEnd; start += rowsPerBlock) {
      const range = { rowStart: start, rowEndExclusive: Math.min(rowEnd, start + rowsPerBlock) };
      const columns = await readColumns(file, wanted, range);
      yield Array.from({ length: range.rowEndExclusive - start }, (_, row) => {
        const values = columns.map((column) => column[row] ?? null);
        return {
          entityKey: () => encodeEntityKey(entity, values.slice(0, entity.keys.length)),
          state: decoder.decode(values.slice(entity.keys.length)),
        };
      });
    }
  }
}
