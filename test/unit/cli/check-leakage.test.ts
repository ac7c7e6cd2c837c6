import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { runCli } from '#test/support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-leakage-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hash = '0'.repeat(64);
const rows = Array.from({ length: 200 }, (_, row) => row);
const columns: TypedColumn[] = [
  { name: 'is_late', type: 'bool', values: rows.map((row) => row % 7 < 3) },
  { name: 'trips__arrival_delay', type: 'float64', values: rows.map((row) => (row % 7 < 3 ? 20 : -5) + (row % 5)) },
  { name: 'trips__distance', type: 'float64', values: rows.map((row) => (row * 37) % 101) },
];
const feature = (name: string) => ({ name, ref: name.replace('__', '@1:'), type: 'float64', nulls: 0, nullShare: 0 });
const manifest: DatasetManifest = {
  manifestVersion: 1,
  id: 'ts-1',
  requestId: hash,
  datasetId: hash,
  pinned: true,
  reads: [],
  project: 'test',
  createdAtMillis: 0,
  requestHash: hash,
  definitionsHash: hash,
  features: [feature('trips__arrival_delay'), feature('trips__distance')],
  views: {},
  mode: 'asServed',
  lagMillis: 0,
  spine: { key: 'spine.parquet', sha256: hash, sizeBytes: 1, format: 'parquet', eventTimeColumn: 'event_time' },
  rows: rows.length,
  files: [{ name: 'part-00000.parquet', rows: rows.length, sizeBytes: 1, sha256: hash }],
  queries: [],
  bytesScanned: 0,
  costEstimate: 0,
};

describe('check leakage of a downloaded training set', () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'part-00000.parquet'), writeParquet(columns));
  });
  const check = (...words: string[]) =>
    runCli(['check', 'leakage', '--dataset', folder, '--values-only', ...words], folder);

  it('fails and names the feature that decides the label, and no other', async () => {
    const { exitCode, stdout, stderr } = await check('--label', 'is_late', '--json');
    expect(stderr).toBe('');
    expect(exitCode).toBe(1);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ dataset: 'ts-1', label: { column: 'is_late', kind: 'classes' }, rows: 200 });
    expect(report.leaks).toMatchObject([{ kind: 'perfectPredictor', features: ['trips__arrival_delay'], rows: 200 }]);
  });

  it('says it in a table and a sentence', async () => {
    const { stdout } = await check('--label', 'is_late');
    expect(stdout).toMatch(/perfectPredictor {2}trips__arrival_delay +200 +200 {2}areaUnderCurve 1\.0000/);
    expect(stdout).toContain('perfectPredictor trips__arrival_delay: the value alone decides the label');
    expect(stdout).not.toContain('trips__distance');
  });

  it('ends well where nothing is found', async () => {
    const { exitCode, stdout } = await check('--label', 'trips__distance');
    expect([exitCode, stdout.split('\n')[2]]).toEqual([0, 'no leak found']);
  });

  it('tells a wrong label and a folder that is no training set in one line', async () => {
    expect(await check('--label', 'late')).toMatchObject({
      exitCode: 6,
      stderr: expect.stringMatching(/no column late/),
    });
    const words = ['check', 'leakage', '--dataset', tmpdir(), '--label', 'late'];
    expect(await runCli(words)).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/no manifest\.json/) });
  });
});
