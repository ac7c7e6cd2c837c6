import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import { valueHash } from '#codec/value-hash.ts';
import type { StreamSource } from '#spec/manifest.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { manifestOf, sourceOf, streamSourceOf } from '#test/support/manifests.ts';
import { loadFile } from '../../../cli/commands/load.ts';
import { findFileSource } from '../../../cli/load/file-source.ts';

const midnight = Date.UTC(2026, 0, 2);
const schema = [
  { name: 'id', type: 'int64' as const },
  { name: 'at', type: 'timestamp' as const },
];

describe('loading a file into a source', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-load-'));
  const file = join(folder, 'rows.parquet');

  beforeAll(() => {
    const at = [midnight - 1, midnight, null];
    writeFileSync(
      file,
      writeParquet([
        { name: 'id', type: 'int64', values: [1n, 2n, 3n] },
        { name: 'at', type: 'timestamp', values: at },
      ]),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function rowsAt(objects: MemoryObjects): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {};
    for await (const { key } of objects.list('')) {
      const stored = await objects.get(key);
      found[key] = await readColumns(await openParquet(bytesSource(stored?.body ?? new Uint8Array())), [
        { name: 'id' },
        { name: 'at' },
      ]);
    }
    return found;
  }

  it('puts it under the location, with every timestamp moved by the shift', async () => {
    const objects = new MemoryObjects('bucket');
    await loadFile(objects, { source: sourceOf('trips', schema, { eventTime: 'at' }), file, shiftMillis: 5 });
    expect(await rowsAt(objects)).toEqual({
      'sources/trips/rows.parquet': [
        [1n, 2n, 3n],
        [midnight + 4, midnight + 5, null],
      ],
    });
  });

  it('finds the folder of a stream in its history, keeps the hashes that counting needs, and finds none where it has no history', async () => {
    const manifestWith = (history?: StreamSource['history']) =>
      manifestOf({
        entities: [],
        sources: [streamSourceOf('clicks', schema, { eventTime: 'at', hashed: ['id'], ...(history && { history }) })],
        views: [],
      });
    const history = { location: 'old-clicks/', untilMillis: midnight, latencyMillis: 1 };
    const source = findFileSource(manifestWith(history), 'clicks');
    const objects = new MemoryObjects('bucket');
    await loadFile(objects, { source, file, shiftMillis: 0 });
    const stored = await objects.get('sources/old-clicks/rows.parquet');
    const parquet = await openParquet(bytesSource(stored?.body ?? new Uint8Array()));
    expect(await readColumns(parquet, [{ name: 'id' }, { name: '_hash_id' }])).toEqual([
      [1n, 2n, 3n],
      [1n, 2n, 3n].map((id) => valueHash('int64', id)),
    ]);
    expect(() => findFileSource(manifestWith(), 'clicks')).toThrow('source clicks is a stream without history');
  });

  const partitioned = sourceOf('trips', schema, { eventTime: 'at', partitionedBy: { column: 'dt', of: 'at' } });

  it('fails for a partitioned source when a row has no date, and puts nothing', async () => {
    const objects = new MemoryObjects('bucket');
    await expect(loadFile(objects, { source: partitioned, file, shiftMillis: 0 })).rejects.toThrow(
      'row 2 has no at, by whose date source trips is partitioned',
    );
    expect(await rowsAt(objects)).toEqual({});
  });

  it('puts the rows of a partitioned source under their UTC dates', async () => {
    const objects = new MemoryObjects('bucket');
    const dated = join(folder, 'dated.parquet');
    writeFileSync(
      dated,
      writeParquet([
        { name: 'id', type: 'int64', values: [1n, 2n] },
        { name: 'at', type: 'timestamp', values: [midnight - 1, midnight] },
      ]),
    );
    await loadFile(objects, { source: partitioned, file: dated, shiftMillis: 0 });
    expect(await rowsAt(objects)).toEqual({
      'sources/trips/dt=2026-01-01/dated.parquet': [[1n], [midnight - 1]],
      'sources/trips/dt=2026-01-02/dated.parquet': [[2n], [midnight]],
    });
  });

  it('fails when the file lacks a column of the source', async () => {
    const source = sourceOf('trips', [...schema, { name: 'fare', type: 'float64' }]);
    await expect(loadFile(new MemoryObjects('bucket'), { source, file, shiftMillis: 0 })).rejects.toThrow(
      'the file has no column fare; it has id, at',
    );
  });

  it('fails when there is no such file', async () => {
    const missing = join(folder, 'none.parquet');
    await expect(
      loadFile(new MemoryObjects('bucket'), { source: sourceOf('trips', schema), file: missing, shiftMillis: 0 }),
    ).rejects.toMatchObject({ code: 'cli.noSuchFile', kind: 'notFound' });
  });
});
