import type { Clock } from '#store/clock.ts';
import { chunked, forEachConcurrent } from '#store/concurrent.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import type { Acceptance } from './accept-record.ts';
import { type AppliedEntity, type ApplyPorts, applyEntity } from './apply-entity.ts';
import type { FoldRules } from './fold-events.ts';
import { type ArrivedEvent, type EntityEvents, groupByEntity } from './group-events.ts';
import { latestRows } from './latest-rows.ts';
import type { SourceViews } from './source-views.ts';

/** Items of a block are in memory at once, and those of the next one that are read meanwhile: of 300 KB each at most. */
const blockItems = 100;
/** Conditional writes in flight, as DynamoOnlineRows has them. */
const writeConcurrency = 48;
/** Rows of table views handed to the online store in one call. */
const blockRows = 500;

/** What a consumer of one source works with. */
export interface AggregatePorts extends ApplyPorts {
  readonly online: OnlineRows;
  readonly clock: Clock;
  readonly views: SourceViews;
  readonly rules: FoldRules;
  readonly accept: (record: StreamRecord) => Acceptance;
}

export interface AggregateCounts {
  /** Records of the batch. */
  events: number;
  /** Events that count from now on in at least one view, or are rows of a table view. */
  applied: number;
  /** Events that counted already: delivered again, or equal by deduplication. */
  duplicates: number;
  /** Events that no window of any view needs. */
  late: number;
  /** Events that the backfill counts, or the history has. */
  notOurs: number;
  /** Records that can never count: the archive puts them aside. */
  quarantined: number;
  /** Events that one entity of one view takes, at most. */
  hottestItemEvents: number;
  /** Writes that another write had forestalled. */
  conflicts: number;
  /** Items of stream views written. */
  writes: number;
  handOvers: number;
  /** Items that gave their tiles up, and rows of table views that no item can hold. */
  itemsTooLarge: number;
  /** Greatest time from an event's arrival until its item stood, milliseconds; 0 where none was applied. */
  lagMillis: number;
}

export interface BatchResult {
  /** Lowest sequence that has to be delivered again, with all after it; absent: the batch is done. */
  readonly failedFrom?: string;
  /** Why, of one of those that failed. */
  readonly failure?: unknown;
  readonly counts: AggregateCounts;
}

export interface Batch {
  /** Of one shard, in its order. */
  readonly records: readonly StreamRecord[];
  /** Epoch milliseconds at which no further work is begun: what is left is handed back. */
  readonly deadlineMillis: number;
}

/**
 * Applies a batch of a shard: each event once to each window that needs it, however the batch is cut and how often it comes. One write per
 * entity and view. What a retry can cure is handed back by the lowest sequence of the entities that failed: the others remember what they have
 * applied. Never rejects for what a record holds.
 */
export async function aggregateBatch(ports: AggregatePorts, { records, deadlineMillis }: Batch): Promise<BatchResult> {
  const batch = new BatchOutcome(ports, records.length);
  const events = acceptAll(ports, records, batch);
  const { groups, late } = groupByEntity(ports.views.windowed, events);
  batch.counts.late = late;
  for (const group of groups)
    batch.counts.hottestItemEvents = Math.max(batch.counts.hottestItemEvents, group.events.length);
  if (!(await isConsumed(ports, events, batch))) return batch.result();
  await applyGroups(ports, groups, { batch, deadlineMillis });
  await writeLatest(ports, events, { batch, deadlineMillis });
  return batch.result();
}

/**
 * Leaves the cuts of a source even where no view needs one, or none needs these events: a view that comes later must see that the stream has been
 * consumed before, or it would take what arrived until then for its own. False, and the batch is handed back, where that cannot be written.
 */
async function isConsumed(
  ports: AggregatePorts,
  events: readonly ArrivedEvent[],
  batch: BatchOutcome,
): Promise<boolean> {
  try {
    await ports.cuts.current();
    return true;
  } catch (error) {
    batch.failed(events, error);
    return false;
  }
}

/** The accepted events of a batch; those that the source's history has are left out. */
function acceptAll(ports: AggregatePorts, records: readonly StreamRecord[], batch: BatchOutcome): ArrivedEvent[] {
  const historyUntilMillis = ports.rules.source.history?.untilMillis ?? Number.NEGATIVE_INFINITY;
  const events: ArrivedEvent[] = [];
  for (const record of records) {
    const accepted = ports.accept(record);
    if (accepted.kind === 'quarantined') batch.counts.quarantined++;
    else if (record.arrivalMillis <= historyUntilMillis) batch.counts.notOurs++;
    else events.push({ shard: record.shard, sequence: record.sequence, event: accepted.event });
  }
  return events;
}

interface Progressing {
  readonly batch: BatchOutcome;
  readonly deadlineMillis: number;
}

/** Block by block: while one is folded and written, the next one is read. */
async function applyGroups(
  ports: AggregatePorts,
  groups: readonly EntityEvents[],
  { batch, deadlineMillis }: Progressing,
): Promise<void> {
  const blocks = chunked(groups, blockItems);
  const read = async (block: readonly EntityEvents[] | undefined) => {
    if (!block || ports.clock() >= deadlineMillis) return { block, found: undefined };
    try {
      const addresses = block.map(({ target, entityKey }) => ({ entityKey, viewId: target.headKey }));
      return { block, found: await ports.items.read(addresses) };
    } catch (failure) {
      return { block, found: undefined, failure };
    }
  };
  let reading = read(blocks[0]);
  for (const at of blocks.keys()) {
    const { block = [], found, failure } = { failure: undefined, ...(await reading) };
    reading = read(blocks[at + 1]);
    const indexed = block.map((group, index) => ({ group, item: found?.[index] }));
    await forEachConcurrent(indexed, writeConcurrency, async ({ group, item }) => {
      if (!found || ports.clock() >= deadlineMillis) return batch.failed(group.events, failure);
      try {
        batch.applied(await applyEntity(ports, ports.rules, { group, item }));
      } catch (error) {
        batch.failed(group.events, error);
      }
    });
  }
}

/** Rows of table views, newest wins: writing them again changes nothing. */
async function writeLatest(
  ports: AggregatePorts,
  events: readonly ArrivedEvent[],
  { batch, deadlineMillis }: Progressing,
): Promise<void> {
  if (ports.views.latest.length === 0) return;
  for (const block of chunked(events, blockRows)) {
    if (ports.clock() >= deadlineMillis) {
      batch.failed(block, undefined);
      continue;
    }
    try {
      const { rows, tooLarge } = latestRows(ports.views.latest, ports.rules.source, block);
      await ports.online.writeNewer(rows);
      batch.counts.itemsTooLarge += tooLarge;
      batch.stored(block);
    } catch (error) {
      batch.failed(block, error);
    }
  }
}

/** Adds up what became of a batch: an event of several views is one event. */
class BatchOutcome {
  readonly counts: AggregateCounts;
  readonly #clock: Clock;
  readonly #taken = new Set<ArrivedEvent>();
  readonly #repeated = new Set<ArrivedEvent>();
  readonly #notOurs = new Set<ArrivedEvent>();
  #failedFrom: string | undefined;
  #failure: unknown;

  constructor({ clock }: Pick<AggregatePorts, 'clock'>, events: number) {
    this.#clock = clock;
    this.counts = {
      events,
      applied: 0,
      duplicates: 0,
      late: 0,
      notOurs: 0,
      quarantined: 0,
      hottestItemEvents: 0,
      conflicts: 0,
      writes: 0,
      handOvers: 0,
      itemsTooLarge: 0,
      lagMillis: 0,
    };
  }

  applied(entity: AppliedEntity): void {
    this.stored(entity.taken);
    for (const event of [...entity.redelivered, ...entity.duplicates]) this.#repeated.add(event);
    for (const event of entity.notOurs) this.#notOurs.add(event);
    this.counts.conflicts += entity.conflicts;
    this.counts.writes += entity.writes;
    this.counts.handOvers += entity.handOvers;
    this.counts.itemsTooLarge += entity.itemsTooLarge;
  }

  stored(events: readonly ArrivedEvent[]): void {
    const nowMillis = this.#clock();
    for (const event of events) {
      this.#taken.add(event);
      this.counts.lagMillis = Math.max(this.counts.lagMillis, nowMillis - event.event.arrivalMillis);
    }
  }

  failed(events: readonly ArrivedEvent[], failure: unknown): void {
    this.#failure ??= failure;
    for (const { sequence } of events)
      if (this.#failedFrom === undefined || sequence < this.#failedFrom) this.#failedFrom = sequence;
  }

  result(): BatchResult {
    const { counts } = this;
    counts.applied = this.#taken.size;
    counts.duplicates = [...this.#repeated].filter((event) => !this.#taken.has(event)).length;
    counts.notOurs += [...this.#notOurs].filter(
      (event) => !this.#taken.has(event) && !this.#repeated.has(event),
    ).length;
    return this.#failedFrom === undefined
      ? { counts }
      : { failedFrom: this.#failedFrom, failure: this.#failure, counts };
  }
}
