import type { RowAddress } from '#store/online-rows.ts';
import type { ServePlan } from './plan.ts';

/** What a request needs of the store: one read of one entity, at one address, or at two for the windows of a stream. */
export interface Wanted {
  /** Index into the plan's reads. */
  readonly read: number;
  /** Index into the addresses; the second one of a stream follows. */
  readonly address: number;
}

export interface ServeAddresses {
  readonly addresses: readonly RowAddress[];
  readonly wanted: readonly Wanted[];
  /** Per row of the answer and read of the plan, the index of what is wanted: `indexOf[row * reads + read]`. */
  readonly indexOf: Int32Array;
}

/** Every (entity, view) once, however often the entity stands in the request. `entityKeys`: per row, by entity of the plan. */
export function serveAddresses(plan: ServePlan, entityKeys: readonly (readonly string[])[]): ServeAddresses {
  const addresses: RowAddress[] = [];
  const wanted: Wanted[] = [];
  const indexOf = new Int32Array(entityKeys.length * plan.reads.length);
  plan.reads.forEach((read, readIndex) => {
    const known = new Map<string, number>();
    entityKeys.forEach((keys, row) => {
      const entityKey = keys[read.entity] ?? '';
      let index = known.get(entityKey);
      if (index === undefined) {
        const address = addresses.push({ entityKey, viewId: read.viewId }) - 1;
        if (read.kind === 'stream') addresses.push({ entityKey, viewId: read.closedId });
        index = wanted.push({ read: readIndex, address }) - 1;
        known.set(entityKey, index);
      }
      indexOf[row * plan.reads.length + readIndex] = index;
    });
  });
  return { addresses, wanted, indexOf };
}
