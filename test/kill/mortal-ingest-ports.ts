import type { ArchivePorts } from '#engine/ingest/archive-batch.ts';
import type { CompactionPorts } from '#engine/ingest/compact-events.ts';
import { type MortalPorts, mortalObjects } from './mortal-ports.ts';

type IngestPorts = ArchivePorts & CompactionPorts;

/** The ports of the archive and of compaction with a process's hook at every boundary. */
export function mortalIngestPorts(process: MortalPorts, ports: IngestPorts): IngestPorts {
  const { objects, checkpoints, partitions } = ports;
  return {
    ...ports,
    objects: mortalObjects(process, objects),
    partitions: {
      register: (table, all) => process.at('partitions.register', () => partitions.register(table, all)),
      registerNew: (table, all) => process.at('partitions.registerNew', () => partitions.registerNew(table, all)),
    },
    checkpoints: {
      read: (group) => process.at('checkpoints.read', () => checkpoints.read(group)),
      advance: (group, shard, to) => process.at('checkpoints.advance', () => checkpoints.advance(group, shard, to)),
    },
    openStream: (source) => {
      const stream = ports.openStream(source);
      return {
        put: (records) => process.at('stream.put', () => stream.put(records)),
        shards: () => process.at('stream.shards', () => stream.shards()),
        read: (shard, after) => process.at('stream.read', () => stream.read(shard, after)),
      };
    },
  };
}
