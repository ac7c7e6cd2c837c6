import { expect } from 'vitest';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { encodeRow } from '#engine/materialize/encode-row.ts';
import { tickCount, without } from '#engine/materialize/intervals.ts';
import { readPublished } from '#engine/materialize/published.ts';
import { lockName } from '#engine/materialize/run-files.ts';
import type { RunPorts } from '#engine/materialize/run-ports.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import { batchState, readState } from '#engine/materialize/run-state.ts';
import { tableNames } from '#spec/layout.ts';
import type { BatchView, TableView } from '#spec/manifest.ts';
import { MemoryExecutions } from '#store/memory/executions.ts';
import { MemoryLocks } from '#store/memory/locks.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import { MemoryPartitions } from '#store/memory/partitions.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { batchViewOf, entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import { type DrivenRun, driveRun, type Step } from './drive-run.ts';
import { type CallHook, MortalPorts, neverKilled } from './mortal-ports.ts';
import { scriptedAthena, type WorldRow } from './scripted-athena.ts';
import type { ScriptedSql } from './scripted-sql.ts';

export const hour = 3_600_000;
const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const trips = sourceOf(
  'trips',
  [
    { name: 'driver_id', type: 'int64' },
    { name: 'rides', type: 'int64' },
    { name: 'event_timestamp', type: 'timestamp' },
  ],
  { eventTime: 'event_timestamp' },
);
export const batchView: BatchView = batchViewOf(
  'driver_stats',
  [{ name: 'rides', type: 'int64', formula: { kind: 'count', windowMillis: hour } }],
  { entity: 'driver', source: 'trips', scheduleMillis: hour, delayMillis: hour / 6 },
);
export const tableView: TableView = tableViewOf('last_trip', [{ name: 'rides', type: 'int64' }], {
  entity: 'driver',
  source: 'trips',
  delayMillis: hour / 6,
});
const manifest = manifestOf({ entities: [driver], sources: [trips], views: [batchView, tableView] });
const drivers = 5;

/** A deployment in memory, the runs of its views, and what must hold between them. */
export class RunWorld {
  nowMillis = Date.parse('2024-03-01T20:30:00Z');
  /** How often the source's past has been corrected: rows computed after a correction have other values. */
  corrections = 0;
  /** Folders of attempts that fail half-way. */
  failingAttempt = /$^/;
  /** Maps lose their last item and succeed all the same. */
  losesItems = false;
  readonly objects = new MemoryObjects();
  readonly locks = new MemoryLocks();
  readonly executions = new MemoryExecutions();
  readonly records = new MemoryRecords();
  readonly partitions = new MemoryPartitions();
  readonly online = new MemoryOnlineRows();
  readonly athena: ScriptedSql;
  readonly ports: RunPorts;
  /** Rows of the source objects of the table view, by key. */
  readonly #sourceRows = new Map<string, readonly WorldRow[]>();
  #executionCount = 0;

  constructor() {
    this.athena = scriptedAthena({
      manifest,
      objects: this.objects,
      computed: (fromMillis, toMillis) => this.#computed(fromMillis, toMillis),
      selected: (sql) =>
        sql.includes('"last_trip"') || sql.includes('"source_trips"')
          ? this.#fromSource(sql)
          : this.#fromPublished(sql),
      fails: (folder) => this.failingAttempt.test(folder),
    });
    this.ports = {
      manifest,
      database: 'tidemark_test',
      objects: this.objects,
      openBucket: () => this.objects,
      locks: this.locks,
      executions: this.executions,
      records: this.records,
      sql: this.athena,
      partitions: this.partitions,
      online: this.online,
      clock: () => this.nowMillis++,
    };
  }

  /** A run in a process with that hook at each of its calls; how it ended, and the process. */
  async run(
    request: Omit<DrivenRun, 'execution'>,
    hook: CallHook = neverKilled,
  ): Promise<{ readonly outcome: string; readonly process: MortalPorts }> {
    const execution = this.#startExecution();
    const process = new MortalPorts(hook);
    const ports = process.wrap(this.ports);
    const step: Step = (_state, work) => work(ports);
    try {
      return { outcome: await driveRun(step, { ...request, execution, losesItems: this.losesItems }), process };
    } catch (error) {
      if (!process.dead) throw error;
      return { outcome: 'killed', process };
    } finally {
      this.executions.stop(execution);
    }
  }

  /** As run, but the execution lives on when its process dies: the state is tried again in a new one, as Step Functions does. */
  async runRetrying(request: Omit<DrivenRun, 'execution'>, hook: CallHook): Promise<string> {
    const execution = this.#startExecution();
    const mortal = new MortalPorts(hook);
    const step: Step = async (_state, work) => {
      try {
        return await work(mortal.dead ? this.ports : mortal.wrap(this.ports));
      } catch (error) {
        if (!mortal.dead) throw error;
        return work(this.ports);
      }
    };
    const outcome = await driveRun(step, { ...request, execution, losesItems: this.losesItems });
    this.executions.stop(execution);
    return outcome;
  }

  #startExecution(): string {
    const execution = `execution-${this.#executionCount++}`;
    this.executions.start(execution);
    return execution;
  }

  /**
   * Runs `first` up to a call, stops its execution there, and runs `second`; at a call of the second one the first wakes up, as a
   * function does that Step Functions no longer waits for, and goes on to its end.
   */
  async runInterleaved(
    first: { readonly request: Omit<DrivenRun, 'execution'>; readonly call: number },
    second: { readonly request: Omit<DrivenRun, 'execution'>; readonly call: number },
  ): Promise<void> {
    const wake = Promise.withResolvers<void>();
    const asleep = Promise.withResolvers<void>();
    const execution = `execution-${this.#executionCount}`;
    const sleeper = this.run(first.request, async (moment, call) => {
      if (moment !== 'before' || call !== first.call) return;
      asleep.resolve();
      await wake.promise;
    });
    await Promise.race([asleep.promise, sleeper]);
    this.executions.stop(execution);
    await this.run(second.request, async (moment, call) => {
      if (moment !== 'before' || call !== second.call) return;
      wake.resolve();
      await sleeper;
    });
    wake.resolve();
    await sleeper;
  }

  /** A source object of the table view. */
  async addObject(key: string, rows: readonly Omit<WorldRow, 'run'>[]): Promise<void> {
    this.#sourceRows.set(
      key,
      rows.map((row) => ({ ...row, run: 0 })),
    );
    await this.objects.put(`sources/trips/${key}`, JSON.stringify(rows));
  }

  /** Each driver has a row every fifth tick, and driver 0 every second; the value tells tick, driver and what the source said then. */
  #computed(fromMillis: number, toMillis: number): Omit<WorldRow, 'run'>[] {
    const rows: Omit<WorldRow, 'run'>[] = [];
    for (let tick = fromMillis + hour; tick <= toMillis; tick += hour)
      for (let id = 0; id < drivers; id += 1)
        if ((tick / hour + id) % drivers === 0 || (id === 0 && (tick / hour) % 2 === 0))
          rows.push({ driver: id, eventMillis: tick, value: this.corrections * 1e9 + (tick / hour) * 10 + id });
    return rows;
  }

  /** What a reader sees now: rows in registered partitions that are published. */
  async visibleRows(): Promise<WorldRow[]> {
    const published = await readPublished(this.objects, batchView);
    const shown = new Set(published.partitions.map(({ dt, run }) => `${dt} ${run}`));
    const rows: WorldRow[] = [];
    for (const { values, location } of this.partitions.registered(tableNames.rows(batchView))) {
      const run = Number(values[1]);
      if (!shown.has(`${values[0]} ${run}`)) continue;
      for await (const { key } of this.objects.list(location.slice('s3://memory/'.length))) {
        const stored = await this.objects.get(key);
        const file = await openParquet(bytesSource(stored?.body ?? new Uint8Array()));
        const [ids = [], events = [], values_ = []] = await readColumns(file, file.columns);
        ids.forEach((id, at) => {
          rows.push({ driver: Number(id), eventMillis: Number(events[at]), run, value: Number(values_[at]) });
        });
      }
    }
    return rows;
  }

  async #fromPublished(sql: string): Promise<WorldRow[]> {
    const now = lastVisible(sql);
    const bounds = [...sql.matchAll(/"_event_time" [<>]= TIMESTAMP '([^']+)'/g)].map((match) =>
      Date.parse(`${match[1]}Z`),
    );
    const [least = 0, greatest = 0] = bounds;
    const rows = (await this.visibleRows()).filter(
      ({ eventMillis }) => eventMillis >= least && eventMillis <= greatest,
    );
    return newestOf(rows.filter(({ eventMillis }) => eventMillis + batchView.delayMillis <= now));
  }

  async #fromSource(sql: string): Promise<WorldRow[]> {
    const paths = /"\$path" IN \(([^)]*)\)/.exec(sql)?.[1];
    const after = /visible_ms > BIGINT '(\d+)'/.exec(sql)?.[1];
    const now = lastVisible(sql);
    const rows = [...this.#sourceRows].flatMap(([key, ofObject]) =>
      ofObject.filter(({ eventMillis }) => {
        const visible = eventMillis + tableView.delayMillis;
        const isNew = paths === undefined ? after === undefined : paths.includes(`'s3://memory/sources/trips/${key}'`);
        return visible <= now && (isNew || (after !== undefined && visible > Number(after)));
      }),
    );
    return newestOf(rows);
  }

  /** Nothing of a run shows, or all of it does. */
  async expectWholeRuns(): Promise<void> {
    const published = await readPublished(this.objects, batchView);
    const rows = await this.visibleRows();
    const byRun = Map.groupBy(rows, ({ run }) => run);
    for (const [run, shown] of byRun) {
      const plan = JSON.parse(
        new TextDecoder().decode((await this.objects.get(`runs/driver_stats/v1/${run}/plan.json`))?.body),
      );
      const all = plan.ticks.flatMap((ticks: { fromMillis: number; toMillis: number }) =>
        this.#computed(ticks.fromMillis, ticks.toMillis),
      );
      expect(shown.length, `rows of run ${run} that show`).toBe(all.length);
    }
    expect(new Set(published.partitions.map(({ dt, run }) => `${dt} ${run}`)).size).toBe(published.partitions.length);
  }

  /** After a run that succeeded: each tick once, all of them online, state and lock as they should be. */
  async expectComplete(fromMillis: number, options: { readonly recomputed?: boolean } = {}): Promise<void> {
    const newestTick = Math.floor((this.nowMillis - batchView.delayMillis) / hour) * hour;
    const whole = { fromMillis, toMillis: newestTick };
    const rows = await this.visibleRows();
    const expected = this.#computed(fromMillis, newestTick);
    const identity = ({ driver: id, eventMillis }: { driver: number; eventMillis: number }) => `${id} ${eventMillis}`;
    expect(new Set(rows.map(identity))).toEqual(new Set(expected.map(identity)));
    if (!options.recomputed) expect(rows.length, 'each row once').toBe(expected.length);
    const state = batchState(await readState(this.objects, batchView));
    expect(without([whole], state.covered), 'ticks not covered').toEqual([]);
    expect(tickCount(state.covered, hour)).toBe(tickCount([whole], hour));
    expect(state.onlinePending).toEqual([]);
    await this.expectOnline(batchView, newestOf(rows));
    await this.expectIdle(batchView);
    await this.expectWholeRuns();
  }

  /** The online store holds exactly the newest visible row of each driver, as the table view's source has it now. */
  async expectTableOnline(): Promise<void> {
    const visible = [...this.#sourceRows.values()]
      .flat()
      .filter(({ eventMillis }) => eventMillis + tableView.delayMillis <= this.nowMillis);
    await this.expectOnline(tableView, newestOf(visible));
    await this.expectIdle(tableView);
  }

  private async expectOnline(view: BatchView | TableView, newest: readonly WorldRow[]): Promise<void> {
    for (const row of newest) {
      const { row: expected } = encodeRow(view, driver, {
        eventTimeMillis: row.eventMillis,
        createdTimeMillis: row.eventMillis,
        run: row.run,
        deleted: false,
        marks: null,
        keys: [BigInt(row.driver)],
        features: [BigInt(row.value)],
      });
      const [found] = await this.online.read([expected], { deadlineMillis: Number.POSITIVE_INFINITY });
      expect(found, `driver ${row.driver} online`).toEqual({ kind: 'found', packed: expected.packed });
    }
  }

  /** The lock is free and no record says that a run is going on. */
  private async expectIdle(view: BatchView | TableView): Promise<void> {
    const { acquired, lease } = await this.locks.acquire(lockName(view), 'test');
    expect(acquired, 'the lock is free').toBe(true);
    await this.locks.release(lease);
    const records = await listRunRecords(this.records, view, 1000);
    expect(records.filter(({ state }) => state === 'running')).toEqual([]);
  }
}

/** Greatest instant at which a selected row may have become visible. */
const lastVisible = (sql: string): number => Number(/visible_ms <= BIGINT '(\d+)'/.exec(sql)?.[1]);

function newestOf(rows: readonly WorldRow[]): WorldRow[] {
  const newest = new Map<number, WorldRow>();
  for (const row of rows) {
    const best = newest.get(row.driver);
    if (!best || row.eventMillis > best.eventMillis || (row.eventMillis === best.eventMillis && row.run > best.run))
      newest.set(row.driver, row);
  }
  return [...newest.values()];
}
