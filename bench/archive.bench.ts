import { eventArchiver } from '#engine/ingest/archive-batch.ts';
import { compactEvents } from '#engine/ingest/compact-events.ts';
import { sequenceText } from '#semantics/stream/sequence.ts';
import type { Column } from '#spec/manifest.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryPartitions } from '#store/memory/partitions.ts';
import { entityOf, manifestOf, streamSourceOf } from '#test/support/manifests.ts';
import type { BenchResult } from './bench.ts';

/** Records of a batch: as many as an event source mapping hands over at once. */
const batchRecords = 10_000;
const batches = Number(process.env.TIDEMARK_BENCH_BATCHES ?? 20);
const startMillis = Date.UTC(2024, 2, 1, 6);
const day = 86_400_000;

const entity = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const schema: Column[] = [
  { name: 'ride_id', type: 'string' },
  { name: 'driver_id', type: 'int64' },
  { name: 'fare', type: 'decimal(10,2)' },
  { name: 'distance', type: 'float64' },
  { name: 'status', type: 'string' },
  { name: 'passengers', type: 'int32' },
  { name: 'is_pooled', type: 'bool' },
  { name: 'happened_at', type: 'timestamp' },
];
const plain = streamSourceOf('rides', schema, {
  eventTime: 'happened_at',
  partitionBy: ['driver_id'],
  entities: ['driver'],
});
const hashed = {
  ...plain,
  eventId: 'ride_id',
  hashed: ['ride_id'],
  deduplicateBy: { field: 'ride_id', withinMillis: day },
};

function recordsOf(batch: number): StreamRecord[] {
  return Array.from({ length: batchRecords }, (_, index) => {
    const ride = batch * batchRecords + index;
    const arrivalMillis = startMillis + ride;
    const text = `{"ride_id":"ride-${ride}","driver_id":${ride % 5000},"fare":"${ride % 90}.25","distance":${(ride % 977) / 7},"status":"${ride % 9 === 0 ? 'cancelled' : 'done'}","passengers":${1 + (ride % 4)},"is_pooled":${ride % 3 === 0},"happened_at":${arrivalMillis - 400}}`;
    return { shard: 'shardId-0', sequence: sequenceText(BigInt(ride + 1)), arrivalMillis, data: Buffer.from(text) };
  });
}

interface Measured {
  readonly rowsPerSecond: number;
  readonly bytesPerRow: number;
  readonly objects: MemoryObjects;
  readonly checkpoints: MemoryCheckpoints;
  readonly partitions: MemoryPartitions;
}

async function archiving(source: typeof plain): Promise<Measured> {
  const [objects, checkpoints, partitions] = [new MemoryObjects(), new MemoryCheckpoints(), new MemoryPartitions()];
  const manifest = manifestOf({ entities: [entity], sources: [source], views: [] });
  const archive = eventArchiver({ manifest, objects, checkpoints, partitions }, source);
  let millis = 0;
  let bytes = 0;
  for (let batch = 0; batch < batches; batch++) {
    const records = recordsOf(batch);
    const startedAt = performance.now();
    const archived = await archive(records);
    if (batch > 0) millis += performance.now() - startedAt; // the first one compiles
    if (archived.archived !== batchRecords) throw new Error(`archived ${archived.archived} of ${batchRecords}`);
    bytes += archived.bytes;
  }
  const rowsPerSecond = ((batches - 1) * batchRecords) / (millis / 1000);
  return { rowsPerSecond, bytesPerRow: bytes / (batches * batchRecords), objects, checkpoints, partitions };
}

async function compacting({ objects, checkpoints, partitions }: Measured): Promise<number> {
  const stream = new MemoryEventStream();
  const ports = { objects, checkpoints, partitions, openStream: () => stream, clock: () => startMillis + 2 * day };
  const startedAt = performance.now();
  const { files } = await compactEvents(ports, plain);
  if (files !== batches) throw new Error(`compacted ${files} of ${batches} files`);
  return (batches * batchRecords) / ((performance.now() - startedAt) / 1000);
}

/** Events a second that one process decodes, judges and writes as Parquet, and that compaction joins; stores in memory. */
export async function run(): Promise<readonly BenchResult[]> {
  const measured = await archiving(plain);
  const withHashes = await archiving(hashed);
  return [
    { name: 'archive: events per second, 8 columns', value: measured.rowsPerSecond, unit: 'rows/s' },
    { name: 'archive: time per 1,000 events', value: 1_000_000 / measured.rowsPerSecond, unit: 'ms', budget: 100 },
    {
      name: 'archive: events per second with a fingerprint and a hashed column',
      value: withHashes.rowsPerSecond,
      unit: 'rows/s',
    },
    { name: 'archive: bytes of the log per event', value: measured.bytesPerRow, unit: 'B' },
    { name: 'archive: events per second compacted', value: await compacting(measured), unit: 'rows/s' },
  ];
}
