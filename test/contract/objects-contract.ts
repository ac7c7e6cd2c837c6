import { expect, it } from 'vitest';
import type { ObjectInfo, Objects } from '#store/objects.ts';
import { collect } from '#test/support/collect.ts';

const text = (found: { readonly body: Uint8Array } | undefined): string | undefined =>
  found && Buffer.from(found.body).toString();

const listed = async (objects: Objects, prefix: string): Promise<ObjectInfo[]> => collect(objects.list(prefix));

/** What every object store does. `create` gives an empty bucket. */
export function objectsContract(create: () => Promise<Objects>): void {
  it('finds nothing where nothing was put', async () => {
    const objects = await create();
    expect(await objects.get('runs/1')).toBeUndefined();
    expect(await objects.head('runs/1')).toBeUndefined();
    expect(await listed(objects, '')).toEqual([]);
  });

  it('gives back bytes and texts, whole and in ranges, with their etag and size', async () => {
    const objects = await create();
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
    const etag = await objects.put('a/bytes', bytes);
    expect(etag).toBeTruthy();
    expect(await objects.head('a/bytes')).toEqual({ key: 'a/bytes', etag, sizeBytes: 300 });
    const found = await objects.get('a/bytes');
    expect(found?.etag).toBe(etag);
    expect(Buffer.from(found?.body ?? []).equals(Buffer.from(bytes))).toBe(true);
    expect([...(await objects.getRange('a/bytes', 254, 258))]).toEqual([254, 255, 0, 1]);
    expect([...(await objects.getRange('a/bytes', 0, 1))]).toEqual([0]);
    expect(await objects.getRange('a/bytes', 5, 5)).toHaveLength(0);
    await objects.put('a/text', 'é😀');
    expect(text(await objects.get('a/text'))).toBe('é😀');
    await objects.put('a/empty', new Uint8Array(0));
    expect((await objects.get('a/empty'))?.body).toHaveLength(0);
    expect((await objects.head('a/empty'))?.sizeBytes).toBe(0);
  });

  it('rejects a range of an object that is not there', async () => {
    const objects = await create();
    await expect(objects.getRange('nowhere', 0, 1)).rejects.toThrow();
  });

  it('puts over what stands, unless it must be absent', async () => {
    const objects = await create();
    const first = await objects.put('state', 'one', { ifAbsent: true });
    expect(first).toBeTruthy();
    expect(await objects.put('state', 'two', { ifAbsent: true })).toBeUndefined();
    expect(text(await objects.get('state'))).toBe('one');
    const second = await objects.put('state', 'three');
    expect(second).not.toBe(first);
    expect(text(await objects.get('state'))).toBe('three');
  });

  it('puts over exactly the version of an etag', async () => {
    const objects = await create();
    const first = (await objects.put('state', 'one')) ?? '';
    const second = (await objects.put('state', 'two', { ifMatch: first })) ?? '';
    expect(second).toBeTruthy();
    expect(await objects.put('state', 'three', { ifMatch: first })).toBeUndefined();
    expect(text(await objects.get('state'))).toBe('two');
    expect((await objects.get('state'))?.etag).toBe(second);
    expect((await listed(objects, 'state'))[0]?.etag).toBe(second);
  });

  it('puts nothing for an etag where no object stands', async () => {
    const objects = await create();
    const etag = (await objects.put('other', 'one')) ?? '';
    expect(await objects.put('state', 'two', { ifMatch: etag })).toBeUndefined();
    expect(await objects.head('state')).toBeUndefined();
  });

  it('lets one of many writers at once win', async () => {
    const objects = await create();
    const writers = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
    const created = await Promise.all(writers.map((body) => objects.put('new', body, { ifAbsent: true })));
    expect(created.filter((etag) => etag !== undefined)).toHaveLength(1);
    expect(text(await objects.get('new'))).toBe(writers[created.findIndex((etag) => etag !== undefined)]);
    const base = (await objects.head('new'))?.etag ?? '';
    const replaced = await Promise.all(writers.map((body) => objects.put('new', `${body} again`, { ifMatch: base })));
    expect(replaced.filter((etag) => etag !== undefined)).toHaveLength(1);
  });

  it('lists a prefix by key in UTF-8 order', async () => {
    const objects = await create();
    const keys = ['a/', 'a/1', 'a/10', 'a/2', 'a/dt=2026-01-01/x y+z.parquet', 'a/é', 'a/\uffee', 'a/😀'];
    for (const key of [...keys].reverse()) await objects.put(key, key);
    await objects.put('b/1', '');
    await objects.put('a', '');
    expect((await listed(objects, 'a/')).map(({ key }) => key)).toEqual(keys);
    expect((await listed(objects, 'a/1')).map(({ key, sizeBytes }) => `${key} ${sizeBytes}`)).toEqual([
      'a/1 3',
      'a/10 4',
    ]);
    for (const key of keys) expect(text(await objects.get(key))).toBe(key);
  });

  it('lists and deletes more than a thousand objects', async () => {
    const objects = await create();
    const keys = Array.from({ length: 1005 }, (_, index) => `many/${String(index).padStart(4, '0')}`);
    for (let start = 0; start < keys.length; start += 67)
      await Promise.all(keys.slice(start, start + 67).map((key) => objects.put(key, 'x')));
    await objects.put('many', 'kept');
    expect((await listed(objects, 'many/')).map(({ key }) => key)).toEqual(keys);
    await objects.delete([...keys, 'many/of-which-there-is-none']);
    expect((await listed(objects, '')).map(({ key }) => key)).toEqual(['many']);
    await objects.delete([]);
  });

  it('names objects for SQL', async () => {
    const objects = await create();
    expect(objects.uri('a/b.parquet')).toMatch(/^s3:\/\/[a-z0-9.-]+\/a\/b\.parquet$/);
  });
}
