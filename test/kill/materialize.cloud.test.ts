import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packedRowReader } from '#codec/packed-row.ts';
import { lockName } from '#engine/materialize/run-files.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import { batchState, readState, tableState } from '#engine/materialize/run-state.ts';
import { findEntity, findStoredView, viewId } from '#spec/find.ts';
import type { BatchView, StoredView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { Random } from '#test/support/random.ts';
import { randomSettings } from '#test/support/seed.ts';
import { type DeployedRides, deployRides, type PublishedRow } from './deployed-rides.ts';

/** Executions of the real state machine, over real SQL, stopped at random moments. TIDEMARK_CASES is the number of kills. */
const { seed, cases: kills, again: repeat } = randomSettings(5);
const random = new Random(seed);
const hour = 3_600_000;
const newestTick = (): number => Math.floor(Date.now() / hour) * hour;
/** No ride is later. A tick may come due while the test runs: it is expected then. */
const topMillis = newestTick();
const riders = 40n;

interface Ride {
  readonly rider: bigint;
  readonly at: number;
  readonly fare: bigint;
}
const rides: readonly Ride[] = Array.from({ length: 1500 }, () => ({
  rider: BigInt(random.integer(0, Number(riders) - 1)),
  at: topMillis - random.integer(0, 72 * 3600) * 1000 - (random.chance(0.2) ? 0 : 1),
  fare: BigInt(random.integer(1, 1000)),
}));

let deployed: DeployedRides;
/** Seconds that a whole run takes here. */
let runSeconds = 10;

const batchViewNamed = (name: string): BatchView => {
  const view = findStoredView(deployed.manifest, name);
  if (view.kind !== 'batch') throw new Error(`${name} is no batch view`);
  return view;
};

/** By brute force: a row for each rider with a ride in the last 4 hours, counting those of the last 3. */
function expectedRows(fromMillis: number, toMillis: number): Omit<PublishedRow, 'run'>[] {
  const rows: Omit<PublishedRow, 'run'>[] = [];
  for (let tickMillis = fromMillis + hour; tickMillis <= toMillis; tickMillis += hour)
    for (let rider = 0n; rider < riders; rider += 1n) {
      const mine = rides.filter((ride) => ride.rider === rider && ride.at <= tickMillis);
      if (!mine.some(({ at }) => at > tickMillis - 4 * hour)) continue;
      const counted = mine.filter(({ at }) => at > tickMillis - 3 * hour).map(({ fare }) => fare);
      const dearest = counted.reduce<bigint | null>((best, fare) => (best === null || fare > best ? fare : best), null);
      rows.push({ rider, tickMillis, rides: BigInt(counted.length), dearest });
    }
  return rows;
}

const byTick = (a: Omit<PublishedRow, 'run'>, b: Omit<PublishedRow, 'run'>): number =>
  a.tickMillis - b.tickMillis || Number(a.rider - b.rider);

async function onlineValues(view: StoredView, rider: bigint): Promise<readonly Value[] | undefined> {
  const entityKey = encodeEntityKey(findEntity(deployed.manifest, 'rider'), [rider]);
  const deadlineMillis = Date.now() + 10_000;
  const [found] = await deployed.online.read([{ entityKey, viewId: viewId(view) }], {
    deadlineMillis,
    consistent: true,
  });
  if (found?.kind !== 'found') return undefined;
  const unpacked = packedRowReader([view])(found.packed);
  return unpacked.kind === 'row' ? [unpacked.row.eventTimeMillis, ...unpacked.row.values] : undefined;
}

/** Every row once and right, the newest of each rider online, nothing pending, the lock free. */
async function expectComplete(view: BatchView, fromMillis: number): Promise<void> {
  const rows = (await deployed.published(view)).sort(byTick);
  const state = batchState(await readState(deployed.objects, view));
  expect(state.onlinePending).toEqual([]);
  const [covered = { fromMillis: 0, toMillis: 0 }, ...holes] = state.covered;
  expect(holes).toEqual([]);
  expect(covered.fromMillis).toBe(fromMillis);
  expect([topMillis, newestTick()]).toContain(covered.toMillis);
  const expected = expectedRows(fromMillis, covered.toMillis).sort(byTick);
  expect(rows.map(({ run: _run, ...row }) => row)).toEqual(expected);
  const newest = new Map(expected.map((row) => [row.rider, row]));
  for (const { rider, tickMillis, rides: count, dearest } of newest.values())
    expect(await onlineValues(view, rider), `rider ${rider}`).toEqual([tickMillis, count, dearest]);
  await expectIdle(view);
}

async function expectIdle(view: StoredView): Promise<void> {
  const { acquired, lease } = await deployed.locks.acquire(lockName(view), 'test');
  expect(acquired, `the lock of ${view.name} is free`).toBe(true);
  await deployed.locks.release(lease);
  const records = await listRunRecords(deployed.records, view, 100);
  expect(records.filter(({ state }) => state === 'running')).toEqual([]);
}

beforeAll(async () => {
  deployed = await deployRides();
  await deployed.putRows('sources/rides/all.parquet', [
    { name: 'rider_id', type: 'int64', values: rides.map(({ rider }) => rider) },
    { name: 'fare', type: 'int64', values: rides.map(({ fare }) => fare) },
    { name: 'at', type: 'timestamp', values: rides.map(({ at }) => at) },
  ]);
});

const from = topMillis - 60 * hour;

it('a run that nothing disturbs equals brute force, and the next one finds nothing to do', async () => {
  const view = batchViewNamed('rides_a');
  const startedMillis = Date.now();
  expect(await deployed.run({ view: 'rides_a', from })).toMatchObject({ status: 'SUCCEEDED' });
  runSeconds = (Date.now() - startedMillis) / 1000;
  await expectComplete(view, from);
  const again = await deployed.run({ view: 'rides_a' });
  expect(again.status).toBe('SUCCEEDED');
  if (newestTick() === topMillis) expect(again.output).toMatchObject({ next: 'nothing' });
});

it(`no row is lost or doubled by ${kills} executions stopped at random moments (${repeat})`, async () => {
  const names = ['rides_b', 'rides_c'];
  const first = new Map<string, number>();
  for (const name of names) {
    expect(await deployed.run({ view: name, from, to: from + 3 * hour })).toMatchObject({ status: 'SUCCEEDED' });
    first.set(name, (await deployed.published(batchViewNamed(name))).length);
  }
  for (let kill = 0; kill < kills; kill += 1) {
    const name = names[kill % names.length] ?? '';
    const execution = await deployed.start({ view: name });
    // Spread over the whole run, so that each of its states is met in time.
    await wait(((kill + random.next()) / kills) * runSeconds * 1000);
    const stopped = await deployed.stop(execution);
    const shown = (await deployed.published(batchViewNamed(name))).length;
    const whole = [topMillis, newestTick()].map((toMillis) => expectedRows(from, toMillis).length);
    expect([first.get(name), ...whole], `kill ${kill} (${stopped ? 'running' : 'ended'}): rows that show`).toContain(
      shown,
    );
  }
  for (const name of names) {
    expect(await deployed.run({ view: name })).toMatchObject({ status: 'SUCCEEDED' });
    await expectComplete(batchViewNamed(name), from);
  }
});

it('of two runs of one view at once one waits, and both end well', async () => {
  const input = { view: 'rides_a', from: topMillis - 3 * hour };
  const both = await Promise.all([deployed.start(input), deployed.start(input)]);
  const ended = await Promise.all(both.map((execution) => deployed.ended(execution)));
  expect(ended.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  const [newer, older] = await listRunRecords(deployed.records, batchViewNamed('rides_a'), 2);
  expect(newer?.startedAtMillis).toBeGreaterThanOrEqual(older?.finishedAtMillis ?? Number.NaN);
  await expectIdle(batchViewNamed('rides_a'));
});

it('a table view reads each new object by itself, late rows too, and survives a stopped run', async () => {
  const view = findStoredView(deployed.manifest, 'rider_level');
  const put = (key: string, rows: readonly (readonly [bigint, bigint, number])[]): Promise<void> =>
    deployed.putRows(`sources/profiles/${key}.parquet`, [
      { name: 'rider_id', type: 'int64', values: rows.map(([rider]) => rider) },
      { name: 'level', type: 'int64', values: rows.map(([, level]) => level) },
      { name: 'at', type: 'timestamp', values: rows.map(([, , at]) => at) },
    ]);
  const settled = async (objects: number): Promise<void> => {
    for (;;) {
      const state = tableState(await readState(deployed.objects, view));
      if (Object.keys(state.objects).length === objects) return;
      await wait(500);
    }
  };
  await put('a', [
    [1n, 10n, topMillis],
    [2n, 20n, topMillis],
  ]);
  await settled(1); // its event started a run
  await put('late', [
    [1n, 11n, topMillis - 48 * hour],
    [3n, 30n, topMillis - 48 * hour],
  ]);
  await deployed.stop(await deployed.start({ view: 'rider_level' }));
  await deployed.run({ view: 'rider_level' });
  await settled(2);
  expect(await onlineValues(view, 1n)).toEqual([topMillis, 10n]);
  expect(await onlineValues(view, 2n)).toEqual([topMillis, 20n]);
  expect(await onlineValues(view, 3n)).toEqual([topMillis - 48 * hour, 30n]);
});
