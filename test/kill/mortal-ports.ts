import type { RunPorts } from '#engine/materialize/run-ports.ts';
import type { Objects } from '#store/objects.ts';
import type { Records } from '#store/records.ts';
import type { SqlEngine } from '#store/sql-engine.ts';

/** The process is gone: no code of it runs any more. Not an error that the product could catch as its own. */
export class Killed extends Error {}

/** Called before and after each call of a port; may throw Killed, or wait for long. `call` counts from 0 over all ports. */
export type CallHook = (moment: 'before' | 'after', call: number, name: string) => Promise<void>;

/** Counts the calls of one process, so that a test can name each boundary. */
export class MortalPorts {
  calls = 0;
  dead = false;
  readonly #hook: CallHook;

  constructor(hook: CallHook) {
    this.#hook = hook;
  }

  /** The same ports, with the hook at every boundary. A process that has died can call nothing more. */
  wrap(ports: RunPorts): RunPorts {
    return {
      ...ports,
      objects: mortalObjects(this, ports.objects),
      openBucket: (bucket) => mortalObjects(this, ports.openBucket(bucket)),
      locks: {
        acquire: (name, owner) => this.at('locks.acquire', () => ports.locks.acquire(name, owner)),
        takeOver: (stale, owner) => this.at('locks.takeOver', () => ports.locks.takeOver(stale, owner)),
        holds: (lease) => this.at('locks.holds', () => ports.locks.holds(lease)),
        release: (lease) => this.at('locks.release', () => ports.locks.release(lease)),
      },
      executions: {
        isRunning: (execution) => this.at('executions.isRunning', () => ports.executions.isRunning(execution)),
      },
      records: mortalRecords(this, ports.records),
      sql: mortalSql(this, ports.sql),
      partitions: {
        register: (table, partitions) =>
          this.at('partitions.register', () => ports.partitions.register(table, partitions)),
        registerNew: (table, partitions) =>
          this.at('partitions.registerNew', () => ports.partitions.registerNew(table, partitions)),
      },
      online: {
        read: (addresses, options) => this.at('online.read', () => ports.online.read(addresses, options)),
        writeNewer: (rows) => this.at('online.writeNewer', () => ports.online.writeNewer(rows)),
      },
    };
  }

  /** One call of this process, with the hook at both of its boundaries. */
  async at<TResult>(name: string, call: () => Promise<TResult>): Promise<TResult> {
    if (this.dead) throw new Killed(name);
    const number = this.calls++;
    await this.#moment('before', number, name);
    const result = await call();
    await this.#moment('after', number, name);
    return result;
  }

  async #moment(moment: 'before' | 'after', call: number, name: string): Promise<void> {
    try {
      await this.#hook(moment, call, name);
    } catch (error) {
      if (error instanceof Killed) this.dead = true;
      throw error;
    }
    if (this.dead) throw new Killed(name);
  }
}

/** Objects with a process's hook at every call. */
export const mortalObjects = (process: MortalPorts, objects: Objects): Objects => ({
  get: (key) => process.at(`objects.get ${key}`, () => objects.get(key)),
  getRange: (key, start, end) => process.at(`objects.getRange ${key}`, () => objects.getRange(key, start, end)),
  head: (key) => process.at(`objects.head ${key}`, () => objects.head(key)),
  put: (key, body, condition) => process.at(`objects.put ${key}`, () => objects.put(key, body, condition)),
  delete: (keys) => process.at('objects.delete', () => objects.delete(keys)),
  uri: (key) => objects.uri(key),
  async *list(prefix) {
    yield* await process.at(`objects.list ${prefix}`, async () => {
      const found = [];
      for await (const object of objects.list(prefix)) found.push(object);
      return found;
    });
  },
});

/** Records with a process's hook at every call. */
export const mortalRecords = (process: MortalPorts, records: Records): Records => ({
  put: (record) => process.at('records.put', () => records.put(record)),
  get: (group, sort) => process.at('records.get', () => records.get(group, sort)),
  list: (group, limit) => process.at('records.list', () => records.list(group, limit)),
});

/** An engine with a process's hook at every call. */
export const mortalSql = (process: MortalPorts, sql: SqlEngine): SqlEngine => ({
  start: (statement, token) => process.at('sql.start', () => sql.start(statement, token)),
  status: (id) => process.at('sql.status', () => sql.status(id)),
  stop: (id) => process.at('sql.stop', () => sql.stop(id)),
  rows: (id) => sql.rows(id),
});

/** Dies at one boundary of the process. */
export const killAt =
  (moment: 'before' | 'after', call: number): CallHook =>
  async (atMoment, atCall, name) => {
    if (atMoment === moment && atCall === call) throw new Killed(name);
  };

export const neverKilled: CallHook = async () => undefined;
