import { beforeEach, expect, it } from 'vitest';
import { checkQuery, startQuery } from '#engine/materialize/run-query.ts';
import { MemoryLocks } from '#store/memory/locks.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import type { QueryStatus, SqlEngine } from '#store/sql-engine.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';

const manifest = manifestOf({
  entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
  sources: [sourceOf('drivers', [{ name: 'driver_id', type: 'int64' }])],
  views: [tableViewOf('profile', [], { entity: 'driver', source: 'drivers' })],
});
const objects = new MemoryObjects();
let locks: MemoryLocks;
let status: QueryStatus;
const starts: (readonly [string, string])[] = [];
const sql: SqlEngine = {
  start: async (text, token) => {
    starts.push([text, token]);
    return 'q1';
  },
  status: async () => status,
  stop: async () => {},
  async *rows() {},
};
const started = async (attempt = 1) => {
  const { lease } = await locks.acquire('lock', 'execution');
  const run = { view: 'profile@1', lease };
  return startQuery({ manifest, objects, locks, sql }, { run, query: 'selection', attempt });
};

beforeEach(async () => {
  locks = new MemoryLocks();
  starts.length = 0;
  await objects.put('runs/profile/v1/1/statements/selection.sql', 'SELECT 1');
});

it('unloads each attempt into a folder of its own, the same one however often it is started', async () => {
  await started();
  await started();
  await started(2);
  const [first, repeated, second] = starts;
  expect(repeated).toEqual(first);
  expect(first?.[0]).toContain("TO 's3://memory/runs/profile/v1/1/selection/1/'");
  expect(second?.[0]).toContain("TO 's3://memory/runs/profile/v1/1/selection/2/'");
  expect(second?.[1]).not.toBe(first?.[1]);
});

it('fails when the run has been taken over, and starts nothing', async () => {
  const first = await started();
  const later = await locks.takeOver(first.run.lease, 'other');
  expect(later?.fence).toBe(2);
  const again = startQuery({ manifest, objects, locks, sql }, { run: first.run, query: 'selection', attempt: 2 });
  await expect(again).rejects.toMatchObject({ code: 'materialize.superseded' });
  expect(starts).toHaveLength(1);
});

it('waits longer and longer, a minute at most', async () => {
  status = { state: 'running', bytesScanned: 0, millis: 0 };
  let looked = await started();
  const waits: number[] = [];
  for (let look = 0; look < 12; look += 1) {
    const { next, ...checked } = await checkQuery({ manifest, objects, sql }, looked);
    expect(next).toBe('wait');
    looked = checked;
    waits.push(checked.waitSeconds);
  }
  expect(waits).toEqual([2, 3, 5, 8, 12, 18, 27, 41, 60, 60, 60, 60]);
});

it('starts the next attempt after a passing fault, three in all', async () => {
  status = { state: 'failed', reason: 'Query exhausted resources at this scale factor', bytesScanned: 0, millis: 0 };
  expect(await checkQuery({ manifest, objects, sql }, await started(1))).toMatchObject({ next: 'again', attempt: 2 });
  expect(await checkQuery({ manifest, objects, sql }, await started(2))).toMatchObject({ next: 'again', attempt: 3 });
  await expect(checkQuery({ manifest, objects, sql }, await started(3))).rejects.toMatchObject({
    code: 'materialize.queryFailed',
  });
});

it.each([
  ['failed', 'SYNTAX_ERROR: line 1:8: Column x cannot be resolved', /failed in Athena: SYNTAX_ERROR/],
  ['cancelled', 'Query cancelled by user', /was cancelled in Athena: Query cancelled by user \(query q1\)$/],
] as const)('fails at once with Athena’s reason when a statement is %s for good', async (state, reason, message) => {
  status = { state, reason, bytesScanned: 0, millis: 0 };
  await expect(checkQuery({ manifest, objects, sql }, await started())).rejects.toThrow(message);
});

it('takes a statement without a manifest for one without rows', async () => {
  status = { state: 'succeeded', bytesScanned: 7, millis: 3 };
  expect(await checkQuery({ manifest, objects, sql }, await started())).toMatchObject({ next: 'done' });
  const stored = await objects.get('runs/profile/v1/1/queries/selection.json');
  expect(JSON.parse(new TextDecoder().decode(stored?.body))).toMatchObject({ files: [], bytesScanned: 7 });
});
