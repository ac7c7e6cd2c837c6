import { expect, it } from 'vitest';
import type { WindowItem, WindowItems, WindowWrite } from '#store/window-items.ts';

export const windowItemOf = (entityKey: string, revision: number, fields: Partial<WindowItem> = {}): WindowItem => ({
  entityKey,
  viewId: 'rides@1',
  packed: `00000000["${entityKey} ${revision}"]`,
  progress: `progress ${revision}`,
  revision,
  expiresAtSeconds: 1_900_000_000 + revision,
  ...fields,
});

const written: WindowWrite = { kind: 'written' };
const closed = { viewId: 'rides@1/closed' };

/** What every store of window items does. `create` gives one that holds nothing. */
export function windowItemsContract(create: () => Promise<WindowItems>): void {
  it('finds nothing where nothing was written, and nothing for no address', async () => {
    const items = await create();
    expect(await items.read([windowItemOf('nobody', 1)])).toEqual([undefined]);
    expect(await items.read([])).toEqual([]);
  });

  it('gives back every attribute, by address and in the order asked', async () => {
    const items = await create();
    const [a, b, c] = [windowItemOf('a', 1), windowItemOf('b', 1), windowItemOf('a', 1, closed)];
    for (const item of [a, b, c]) expect(await items.write(item)).toEqual(written);
    expect(await items.read([c, windowItemOf('d', 1), b, a])).toEqual([c, undefined, b, a]);
  });

  it('writes revision after revision, and keeps the last', async () => {
    const items = await create();
    for (const revision of [1, 2, 3]) expect(await items.write(windowItemOf('a', revision))).toEqual(written);
    expect(await items.read([windowItemOf('a', 0)])).toEqual([windowItemOf('a', 3)]);
  });

  it('gives what stands instead of writing over another revision', async () => {
    const items = await create();
    await items.write(windowItemOf('a', 1));
    await items.write(windowItemOf('a', 2));
    const conflict = { kind: 'conflict', found: windowItemOf('a', 2) };
    for (const revision of [1, 2, 4])
      expect(await items.write(windowItemOf('a', revision, { packed: 'other' }))).toEqual(conflict);
    expect(await items.read([windowItemOf('a', 0)])).toEqual([windowItemOf('a', 2)]);
  });

  it('writes no later revision of an item that has gone', async () => {
    const items = await create();
    expect(await items.write(windowItemOf('a', 2))).toEqual({ kind: 'conflict', found: undefined });
    expect(await items.read([windowItemOf('a', 0)])).toEqual([undefined]);
  });

  it('writes both of two items or none', async () => {
    const items = await create();
    const pair = (first: number, second: number, packed: string): [WindowItem, WindowItem] => [
      windowItemOf('a', first, { packed }),
      windowItemOf('a', second, { ...closed, packed }),
    ];
    expect(await items.writeBoth(pair(1, 1, 'one'))).toEqual(written);
    await items.write(windowItemOf('a', 2));
    expect(await items.writeBoth(pair(3, 2, 'two'))).toEqual(written);
    const stands = pair(3, 2, 'two');
    expect(await items.writeBoth(pair(3, 3, 'three'))).toEqual({ kind: 'conflict', found: stands[0] });
    expect(await items.writeBoth(pair(4, 2, 'three'))).toEqual({ kind: 'conflict', found: stands[0] });
    expect(await items.writeBoth(pair(9, 9, 'three'))).toEqual({ kind: 'conflict', found: stands[0] });
    expect(await items.read(stands)).toEqual(stands);
    const other: [WindowItem, WindowItem] = [windowItemOf('b', 1), windowItemOf('a', 9, closed)];
    expect(await items.writeBoth(other)).toEqual({ kind: 'conflict', found: undefined });
    expect(await items.read(other)).toEqual([undefined, stands[1]]);
  });

  it('takes texts of all characters and of 300 KB, and keys of 2,048 bytes', async () => {
    const items = await create();
    const odd = ['\u0000', '1|driver|s4:😀|', 'e\u0301', 'x'.repeat(2048)].map((key) =>
      windowItemOf(key, 1, { packed: `00000000["${key}"]`, progress: '' }),
    );
    const large = windowItemOf('large', 1, { packed: 'é'.repeat(150_000) });
    for (const item of [...odd, large]) expect(await items.write(item)).toEqual(written);
    expect(await items.read([...odd, large])).toEqual([...odd, large]);
  });

  it('reads many addresses, written or not', async () => {
    const items = await create();
    const all = Array.from({ length: 230 }, (_, index) => windowItemOf(`driver ${index}`, 1));
    await Promise.all(all.map((item, index) => (index % 3 === 0 ? undefined : items.write(item))));
    expect(await items.read(all)).toEqual(all.map((item, index) => (index % 3 === 0 ? undefined : item)));
  });

  it('lets one of eight writers at once through for each revision, and every one of them in the end', async () => {
    const items = await create();
    const count = async (writer: number): Promise<void> => {
      let found = (await items.read([windowItemOf('a', 0)]))[0];
      // A write whose answer was lost and over which another went is told as a conflict: its own mark is in what stands.
      while (!found?.packed.includes(String(writer))) {
        const packed = `${found?.packed ?? ''}${writer}`;
        const write = await items.write(windowItemOf('a', (found?.revision ?? 0) + 1, { packed, progress: packed }));
        if (write.kind === 'written') return;
        found = write.found;
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => count(writer)));
    const [last] = await items.read([windowItemOf('a', 0)]);
    expect(last?.revision).toBe(8);
    expect([...(last?.packed ?? '')].sort().join('')).toBe('01234567');
  });

  it('keeps two items of one hand-over together under eight writers at once', async () => {
    const items = await create();
    const addresses = [windowItemOf('a', 0), windowItemOf('a', 0, closed)];
    const handOver = async (writer: number): Promise<void> => {
      for (;;) {
        const [head, tail] = await items.read(addresses);
        const packed = `${tail?.packed ?? ''}${writer}`;
        const write = await items.writeBoth([
          windowItemOf('a', (head?.revision ?? 0) + 1, { packed }),
          windowItemOf('a', (tail?.revision ?? 0) + 1, { ...closed, packed }),
        ]);
        if (write.kind === 'written') return;
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => handOver(writer)));
    const [head, tail] = await items.read(addresses);
    expect([head?.revision, tail?.revision, head?.packed]).toEqual([8, 8, tail?.packed]);
    expect([...(tail?.packed ?? '')].sort().join('')).toBe('01234567');
  });
}
