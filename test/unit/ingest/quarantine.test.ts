import { expect, it } from 'vitest';
import { eventArchiver } from '#engine/ingest/archive-batch.ts';
import { entryData, type QuarantineEntry, quarantineDepth, readEntry } from '#engine/ingest/quarantine.ts';
import { listQuarantine, type QuarantineFilter, replayEntry } from '#engine/ingest/quarantine-replay.ts';
import type { StreamSource } from '#spec/manifest.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryPartitions } from '#store/memory/partitions.ts';
import { collect } from '#test/support/collect.ts';
import { entityOf, manifestOf, streamSourceOf } from '#test/support/manifests.ts';

const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const schema: StreamSource['schema'] = [
  { name: 'driver_id', type: 'int64' },
  { name: 'happened_at', type: 'timestamp' },
];
const source = streamSourceOf('rides', schema, {
  eventTime: 'happened_at',
  partitionBy: ['driver_id'],
  entities: ['driver'],
});
const manifest = manifestOf({ entities: [driver], sources: [source], views: [] });
const morning = Date.parse('2024-03-01T09:00:00Z');
const payloads = [
  Buffer.from('no json'),
  Buffer.from('{"driver_id":7,"happened_at":"2024-03-01T10:00:00Z"}'), // an hour ahead
  Uint8Array.of(0xff, 0x00, 0x7b),
];

/** A stream whose first day's records are all bad; the archive has seen them. */
async function quarantined() {
  const clock = { nowMillis: morning };
  const objects = new MemoryObjects();
  const stream = new MemoryEventStream({ shards: 1, clock: () => clock.nowMillis });
  const [shard = ''] = await stream.shards();
  const archive = eventArchiver(
    { manifest, objects, checkpoints: new MemoryCheckpoints(), partitions: new MemoryPartitions() },
    source,
  );
  const archiveAll = async () => archive((await stream.read(shard)).records);
  await stream.put(payloads.map((data) => ({ partitionKey: 'k', data })));
  await archiveAll();
  const list = (filter?: QuarantineFilter) => collect(listQuarantine(objects, source, filter));
  const ports = { manifest, objects, stream, clock: () => clock.nowMillis };
  return { clock, objects, stream, shard, archiveAll, list, ports };
}

const entryOf = (entries: readonly { readonly entry: QuarantineEntry }[], reason: string): QuarantineEntry => {
  const found = entries.find(({ entry }) => entry.reason === reason)?.entry;
  if (!found) throw new Error(`no ${reason}`);
  return found;
};

it('keeps every record byte for byte, with its reason and position', async () => {
  const { list, objects, shard } = await quarantined();
  const entries = await list();
  expect(entries.map(({ entry, state }) => [entry.reason, entry.encoding, state])).toEqual([
    ['notJson', 'text', 'waiting'],
    ['tooFarAhead', 'text', 'waiting'],
    ['notJson', 'base64', 'waiting'],
  ]);
  expect(entries.map(({ entry }) => [...entryData(entry)])).toEqual(payloads.map((data) => [...data]));
  expect(entries[0]).toMatchObject({
    id: `2024-03-01/${shard}/${'1'.padStart(56, '0')}`,
    entry: { source: 'rides', shard, arrival: '2024-03-01T09:00:00.000Z', payload: 'no json' },
  });
  expect(await readEntry(objects, source, entries[0]?.id ?? '')).toEqual(entries[0]?.entry);
  await expect(readEntry(objects, source, '2024-03-01/x/1')).rejects.toMatchObject({ code: 'ingest.notQuarantined' });
});

it('filters by date and reason', async () => {
  const { list, clock, stream, archiveAll } = await quarantined();
  clock.nowMillis += 86_400_000;
  await stream.put([{ partitionKey: 'k', data: Buffer.from('[]') }]);
  await archiveAll();
  const ids = async (filter: QuarantineFilter) => (await list(filter)).map(({ id }) => id.slice(0, 10));
  expect(await ids({ reason: 'notJson' })).toEqual(['2024-03-01', '2024-03-01', '2024-03-02']);
  expect(await ids({ from: '2024-03-02' })).toEqual(['2024-03-02']);
  expect(await ids({ to: '2024-03-01', reason: 'tooFarAhead' })).toEqual(['2024-03-01']);
  expect(await ids({ from: '2024-03-03' })).toEqual([]);
});

it('replays a record once: it arrives anew, and does not show twice', async () => {
  const { list, objects, stream, shard, archiveAll, clock, ports } = await quarantined();
  const entry = entryOf(await list(), 'tooFarAhead');
  clock.nowMillis += 2 * 3_600_000;
  const outcome = await replayEntry(ports, { source, entry });
  expect(outcome).toEqual({ kind: 'replayed', shard, sequence: '4'.padStart(56, '0') });
  expect(await replayEntry(ports, { source, entry })).toMatchObject({ kind: 'begunBefore', replay: { shard } });
  expect((await stream.read(shard)).records).toHaveLength(4);
  expect(await archiveAll()).toMatchObject({ archived: 1, quarantined: {} });
  expect((await list()).map((one) => one.entry.reason)).toEqual(['notJson', 'notJson']);
  expect((await list({ withReplayed: true })).map(({ state }) => state)).toEqual(['waiting', 'replayed', 'waiting']);
  expect(await quarantineDepth(objects, source)).toBe(2);
  expect(await replayEntry(ports, { source, entry, isAgain: true })).toMatchObject({ kind: 'replayed' });
});

it('quarantines anew, at its new position, what is still bad', async () => {
  const { list, archiveAll, ports } = await quarantined();
  const entry = entryOf(await list(), 'notJson');
  await replayEntry(ports, { source, entry });
  expect(await archiveAll()).toMatchObject({ archived: 0, quarantined: { notJson: 1 } });
  const waiting = await list({ reason: 'notJson' });
  expect(waiting.map((one) => Number(one.entry.sequence))).toEqual([3, 4]);
  expect(waiting[1]?.entry.payload).toBe('no json');
});

it('puts a correction in the place of a record, and refuses one that would be quarantined again', async () => {
  const { list, archiveAll, ports, stream, shard } = await quarantined();
  const entry = entryOf(await list(), 'notJson');
  const still = replayEntry(ports, { source, entry, corrected: Buffer.from('{"driver_id":7}') });
  await expect(still).rejects.toMatchObject({
    code: 'ingest.stillBad',
    message: expect.stringMatching('missingEventTime'),
  });
  expect(await list()).toHaveLength(3);
  const corrected = Buffer.from('{ "happened_at": 1709283600000, "driver_id": "7", "note": "by hand" }');
  expect(await replayEntry(ports, { source, entry, corrected })).toMatchObject({ kind: 'replayed' });
  const last = (await stream.read(shard)).records.at(-1);
  expect(Buffer.from(last?.data ?? []).toString()).toBe('{"driver_id":7,"happened_at":"2024-03-01T09:00:00.000Z"}');
  expect(await archiveAll()).toMatchObject({ archived: 1 });
});

it('lets one of many who replay a record at once do it', async () => {
  const { list, ports, stream, shard } = await quarantined();
  const entry = entryOf(await list(), 'tooFarAhead');
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => replayEntry(ports, { source, entry })));
  expect(outcomes.filter(({ kind }) => kind === 'replayed')).toHaveLength(1);
  expect((await stream.read(shard)).records).toHaveLength(4);
});

it('remembers an earlier replay where the stream does not take the record once more', async () => {
  const { list, ports } = await quarantined();
  const entry = entryOf(await list(), 'tooFarAhead');
  await replayEntry(ports, { source, entry });
  const replayed = await list({ withReplayed: true });
  const refusing = { put: async () => [{ kind: 'failed' as const, reason: 'busy' }] };
  const again = await replayEntry({ ...ports, stream: refusing }, { source, entry, isAgain: true });
  expect(again).toEqual({ kind: 'failed', reason: 'busy' });
  expect(await list({ withReplayed: true })).toEqual(replayed);
});

it('leaves a record waiting that the stream did not take, and shows a replay that was cut off', async () => {
  const { list, ports } = await quarantined();
  const entry = entryOf(await list(), 'tooFarAhead');
  const refusing = { put: async () => [{ kind: 'failed' as const, reason: 'busy' }] };
  expect(await replayEntry({ ...ports, stream: refusing }, { source, entry })).toEqual({
    kind: 'failed',
    reason: 'busy',
  });
  expect((await list()).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting']);
  const dying = { put: async () => Promise.reject(new Error('the process is gone')) };
  await expect(replayEntry({ ...ports, stream: dying }, { source, entry })).rejects.toThrow('gone');
  expect((await list()).map(({ state }) => state)).toEqual(['waiting', 'cutOff', 'waiting']);
  expect(await replayEntry(ports, { source, entry })).toMatchObject({ kind: 'begunBefore' });
  expect(await replayEntry(ports, { source, entry, isAgain: true })).toMatchObject({ kind: 'replayed' });
});
