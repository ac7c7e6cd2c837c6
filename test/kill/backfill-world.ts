import { expect } from 'vitest';
import type { BackfillPorts } from '#engine/backfill/backfill-ports.ts';
import { archiveGroup } from '#engine/ingest/archive-progress.ts';
import type { Cuts } from '#engine/ingest/cuts.ts';
import { lockName } from '#engine/materialize/run-files.ts';
import type { RunPorts } from '#engine/materialize/run-ports.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import { findView, viewId } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { MemoryExecutions } from '#store/memory/executions.ts';
import { MemoryLocks } from '#store/memory/locks.ts';
import { MemoryPartitions } from '#store/memory/partitions.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { IngestWorld } from '#test/support/ingest-world.ts';
import type { OracleRecord } from '../oracle/stream-view.ts';
import { manifest, type SourceName, sources } from '../property/stream-world.ts';
import { type BackfillStep, type DrivenBackfill, driveBackfill } from './drive-backfill.ts';
import { type CallHook, MortalPorts, neverKilled } from './mortal-ports.ts';
import { scriptedHistory } from './scripted-history.ts';
import type { ScriptedSql } from './scripted-sql.ts';

export interface BackfillWorldOptions {
  readonly sourceName: SourceName;
  /** The source's log and history, in the order of arrivals. */
  readonly records: readonly OracleRecord[];
  /** The records of the stream, by shard, each in its order. */
  readonly shards: readonly (readonly StreamRecord[])[];
  readonly handOverBytes?: number;
}

type Request = Pick<DrivenBackfill, 'view' | 'rebuild' | 'losesItems'>;

/** A deployment in memory: a stream with its log, its live consumer (IngestWorld), and backfills that come, die and come again. */
export class BackfillWorld extends IngestWorld {
  /** How far ahead a rebuild cuts. */
  cutAheadMillis = 60_000;
  /** Arrivals that the archive has got; by default all that have arrived. */
  archivedMillis = Number.POSITIVE_INFINITY;
  /** Folders of attempts that fail half-way. */
  failingAttempt = /$^/;
  /** Runs while the machine waits, after the time has passed. */
  whileWaiting: () => Promise<void> = async () => {};
  readonly locks = new MemoryLocks();
  readonly executions = new MemoryExecutions();
  readonly runRecords = new MemoryRecords();
  readonly athena: ScriptedSql;
  readonly #shards: BackfillWorldOptions['shards'];
  #executionCount = 0;

  constructor({ sourceName, records, shards, handOverBytes }: BackfillWorldOptions) {
    super(manifest, sources[sourceName], handOverBytes === undefined ? {} : { handOverBytes });
    this.#shards = shards;
    this.athena = scriptedHistory({
      manifest,
      source: this.source,
      objects: this.objects,
      records: () => records.filter(({ arrival = 0 }) => arrival <= Math.min(this.nowMillis, this.archivedMillis)),
      clock: () => this.nowMillis,
      fails: (folder) => this.failingAttempt.test(folder),
    });
  }

  /** Cuts the views of the source as if they had come later than the stream. */
  async cut(cutMillis: number): Promise<void> {
    const views = this.ports().views.windowed.map(({ id }) => [id, { run: 1, cutMillis }]);
    await this.objects.put(objectKeys.cuts(this.source), JSON.stringify({ views: Object.fromEntries(views) }));
  }

  async cuts(): Promise<Cuts> {
    const stored = await this.objects.get(objectKeys.cuts(this.source));
    return JSON.parse(new TextDecoder().decode(stored?.body)).views;
  }

  /** A backfill in a process with that hook at each of its calls: how it ended, and the process. */
  async backfill(request: Request, hook: CallHook = neverKilled): Promise<{ outcome: string; process: MortalPorts }> {
    const execution = this.#startExecution();
    const process = new MortalPorts(hook);
    const ports = this.backfillPorts(process);
    const step: BackfillStep = (_state, work) => work(ports);
    try {
      return { outcome: await driveBackfill(step, { ...request, execution, wait: this.#wait }), process };
    } catch (error) {
      if (!process.dead) throw error;
      return { outcome: 'killed', process };
    } finally {
      this.executions.stop(execution);
    }
  }

  /** As backfill, but the execution lives on when its process dies: the state is tried again, as Step Functions does. */
  async backfillRetrying(request: Request, hook: CallHook): Promise<string> {
    const execution = this.#startExecution();
    const mortal = new MortalPorts(hook);
    const step: BackfillStep = async (_state, work) => {
      try {
        return await work(this.backfillPorts(mortal.dead ? new MortalPorts(neverKilled) : mortal));
      } catch (error) {
        if (!mortal.dead) throw error;
        return work(this.backfillPorts(new MortalPorts(neverKilled)));
      }
    };
    const outcome = await driveBackfill(step, { ...request, execution, wait: this.#wait });
    this.executions.stop(execution);
    return outcome;
  }

  backfillPorts(process: MortalPorts): BackfillPorts {
    const runPorts: RunPorts = {
      manifest,
      database: 'tidemark_test',
      objects: this.objects,
      openBucket: () => this.objects,
      locks: this.locks,
      executions: this.executions,
      records: this.runRecords,
      sql: this.athena,
      partitions: new MemoryPartitions(),
      online: this.online,
      clock: () => this.nowMillis,
    };
    const { items } = this;
    return {
      ...process.wrap(runPorts),
      items: {
        read: (addresses) => process.at('items.read', () => items.read(addresses)),
        write: (item) => process.at('items.write', () => items.write(item)),
        writeBoth: (both) => process.at('items.writeBoth', () => items.writeBoth(both)),
      },
      checkpoints: {
        read: (group) => process.at('checkpoints.read', async () => (await this.#checkpoints()).read(group)),
        advance: async (_group, _shard, to) => to,
      },
      openStream: () => ({
        put: async () => [],
        shards: () => process.at('stream.shards', async () => [...this.#arrived().keys()]),
        read: (shard, after = '') =>
          process.at('stream.read', async () => ({
            records: (this.#arrived().get(shard) ?? []).filter(({ sequence }) => sequence > after),
            isAtEnd: true,
          })),
      }),
      cutAheadMillis: this.cutAheadMillis,
    };
  }

  /** The lock is free and no record says that a backfill is going on. */
  async expectIdle(view: string): Promise<void> {
    const found = findView(manifest, view);
    const { acquired, lease } = await this.locks.acquire(lockName(found), 'test');
    expect(acquired, 'the lock is free').toBe(true);
    await this.locks.release(lease);
    const records = await listRunRecords(this.runRecords, found, 1000);
    expect(records.filter(({ state }) => state === 'running').map(() => viewId(found))).toEqual([]);
  }

  /** All that stands online, as text: equal texts are equal stores. */
  storedItems(): string {
    return JSON.stringify(this.items.all());
  }

  #arrived(): Map<string, readonly StreamRecord[]> {
    const arrived = this.#shards.map((shard) => shard.filter(({ arrivalMillis }) => arrivalMillis <= this.nowMillis));
    return new Map(arrived.flatMap((shard) => (shard[0] ? [[shard[0].shard, shard] as const] : [])));
  }

  /** The archive's, as far as it has come. */
  async #checkpoints(): Promise<MemoryCheckpoints> {
    const checkpoints = new MemoryCheckpoints();
    for (const [shard, records] of this.#arrived()) {
      const last = records.filter(({ arrivalMillis }) => arrivalMillis <= this.archivedMillis).at(-1);
      if (last) await checkpoints.advance(archiveGroup(this.source), shard, last);
    }
    return checkpoints;
  }

  readonly #wait = async (seconds: number): Promise<void> => {
    this.nowMillis += seconds * 1000;
    await this.whileWaiting();
  };

  #startExecution(): string {
    const execution = `execution-${this.#executionCount++}`;
    this.executions.start(execution);
    return execution;
  }
}
