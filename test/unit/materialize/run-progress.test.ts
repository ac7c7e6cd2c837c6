import { expect, it } from 'vitest';
import { runFiles } from '#engine/materialize/run-files.ts';
import { runProgress } from '#engine/materialize/run-progress.ts';
import type { RunRecord } from '#engine/materialize/run-record.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { tableViewOf } from '#test/support/manifests.ts';

const view = tableViewOf('weather', [{ name: 'humidity', type: 'float64' }], { entity: 'airport', source: 'weather' });
const files = runFiles(view, 7);
const record: RunRecord = {
  view: 'weather@1',
  kind: 'table',
  run: 7,
  state: 'running',
  step: 'computing',
  execution: 'one',
  requested: {},
  startedAtMillis: 0,
  chunks: 3,
  items: 5,
};

it('counts the chunks that are computed, not the selection', async () => {
  const objects = new MemoryObjects('bucket');
  for (const query of ['chunk-0', 'chunk-2', 'selection']) await objects.put(files.queryResult(query), '{}');
  expect(await runProgress(objects, view, record)).toEqual({ step: 'computing', done: 2, total: 3 });
});

it('counts the items that are written', async () => {
  const objects = new MemoryObjects('bucket');
  await objects.put(files.itemResult(4), '{}');
  expect(await runProgress(objects, view, { ...record, step: 'writing' })).toEqual({
    step: 'writing',
    done: 1,
    total: 5,
  });
});

it('tells the step alone where nothing can be counted', async () => {
  expect(await runProgress(new MemoryObjects('bucket'), view, { ...record, step: 'publishing' })).toEqual({
    step: 'publishing',
    done: 0,
    total: 0,
  });
});
