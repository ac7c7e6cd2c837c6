import { writeParquet } from '#codec/parquet-write.ts';
import { batchPlanSchema, runPlanSchema } from '#engine/materialize/run-plan.ts';
import { findView } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { MemoryObjects } from '#store/memory/objects.ts';
import type { QueryStatus, SqlEngine } from '#store/sql-engine.ts';

/** A feature row of the test worlds: driver, event time, one number. */
export interface WorldRow {
  readonly driver: number;
  readonly eventMillis: number;
  readonly run: number;
  readonly value: number;
}

export interface Script {
  readonly manifest: Manifest;
  readonly objects: MemoryObjects;
  /** Rows that the statement of a chunk computes for ticks in (fromMillis, toMillis]. */
  readonly computed: (fromMillis: number, toMillis: number) => readonly Omit<WorldRow, 'run'>[];
  /** Rows that the statement of a selection finds; `sql` is its text. */
  readonly selected: (sql: string) => Promise<readonly WorldRow[]>;
  /** True for an attempt that fails after it has written half of its rows. */
  readonly fails: (folder: string) => boolean;
}

const dateOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

/**
 * Stands for Athena where the flow of a run is tested, not its SQL: it reads no SQL, but writes what the statement of that plan would
 * write, into the folder that the statement names, as UNLOAD does. It goes on when the process that started it has died.
 */
export class ScriptedAthena implements SqlEngine {
  readonly #script: Script;
  readonly #ids = new Map<string, string>();
  readonly #states = new Map<string, { readonly sql: string; looks: number; status: QueryStatus | undefined }>();

  constructor(script: Script) {
    this.#script = script;
  }

  get started(): number {
    return this.#states.size;
  }

  async start(sql: string, token: string): Promise<string> {
    const known = this.#ids.get(token);
    if (known !== undefined) {
      if (this.#states.get(known)?.sql !== sql) throw new Error('the token stands for another statement');
      return known;
    }
    const id = `query-${this.#ids.size}`;
    this.#ids.set(token, id);
    this.#states.set(id, { sql, looks: 0, status: undefined });
    return id;
  }

  async status(queryId: string): Promise<QueryStatus> {
    const query = this.#states.get(queryId);
    if (!query) throw new Error(`no query ${queryId}`);
    query.looks += 1;
    if (query.looks === 1) return { state: 'running', bytesScanned: 0, millis: 0 };
    query.status ??= await this.#execute(queryId, query.sql);
    return query.status;
  }

  /** Every statement that is under way ends, as if nobody looked. */
  async settle(): Promise<void> {
    for (const [id, query] of this.#states) query.status ??= await this.#execute(id, query.sql);
  }

  async stop(): Promise<void> {}

  async *rows(): AsyncIterable<readonly (string | null)[]> {}

  async #execute(id: string, sql: string): Promise<QueryStatus> {
    const folder = /\nTO 's3:\/\/memory\/([^']+)'/.exec(sql)?.[1] ?? '';
    for await (const { key } of this.#script.objects.list(folder)) return failed(`HIVE_PATH_ALREADY_EXISTS: ${key}`);
    const files = folder.startsWith('feature-rows/') ? await this.#chunk(folder) : await this.#selection(folder, sql);
    if (this.#script.fails(folder)) {
      const [first] = files;
      if (first) await this.#script.objects.put(first.key, first.body);
      return failed('GENERIC_INTERNAL_ERROR: a worker was lost');
    }
    for (const { key, body } of files) await this.#script.objects.put(key, body);
    const manifest = files.map(({ key }) => this.#script.objects.uri(key)).join('\n');
    const manifestKey = `athena-results/${id}-manifest.csv`;
    await this.#script.objects.put(manifestKey, manifest);
    const manifestUri = this.#script.objects.uri(manifestKey);
    return { state: 'succeeded', bytesScanned: 1000, millis: 5, manifestUri };
  }

  async #planOf(view: string, version: string, run: string): Promise<unknown> {
    const stored = await this.#script.objects.get(`runs/${view}/v${version}/${run}/plan.json`);
    return JSON.parse(new TextDecoder().decode(stored?.body));
  }

  async #chunk(folder: string): Promise<{ key: string; body: Uint8Array }[]> {
    const [, view = '', version = '', run = '', number = ''] =
      /^feature-rows\/(\w+)\/v(\d+)\/run=(\d+)\/chunk-(\d+)-\d+\/$/.exec(folder) ?? [];
    const plan = batchPlanSchema.parse(await this.#planOf(view, version, run));
    const chunk = plan.chunks.find((candidate) => candidate.number === Number(number));
    const rows = chunk ? this.#script.computed(chunk.fromMillis, chunk.toMillis) : [];
    return [...Map.groupBy(rows, ({ eventMillis }) => dateOf(eventMillis))].map(([dt, ofDate]) => ({
      key: `${folder}dt=${dt}/part-0`,
      body: writeParquet([
        { name: 'driver', type: 'int64', values: ofDate.map(({ driver }) => BigInt(driver)) },
        { name: 'event', type: 'int64', values: ofDate.map(({ eventMillis }) => BigInt(eventMillis)) },
        { name: 'value', type: 'int64', values: ofDate.map(({ value }) => BigInt(value)) },
      ]),
    }));
  }

  async #selection(folder: string, sql: string): Promise<{ key: string; body: Uint8Array }[]> {
    const [, view = '', version = '', run = ''] = /^runs\/(\w+)\/v(\d+)\/(\d+)\/selection\//.exec(folder) ?? [];
    const { kind } = runPlanSchema.parse(await this.#planOf(view, version, run));
    const rows = await this.#script.selected(sql);
    const feature = findView(this.#script.manifest, view).features[0]?.name ?? '';
    const half = Math.ceil(rows.length / 2);
    const files = [rows.slice(0, half), rows.slice(half)].filter((part) => part.length > 0);
    return files.map((part, index) => ({
      key: `${folder}part-${index}`,
      body: writeParquet([
        { name: 'driver_id', type: 'int64', values: part.map(({ driver }) => BigInt(driver)) },
        { name: '_event_time_ms', type: 'int64', values: part.map(({ eventMillis }) => BigInt(eventMillis)) },
        { name: '_created_time_ms', type: 'int64', values: part.map(({ eventMillis }) => BigInt(eventMillis)) },
        { name: '_run', type: 'int64', values: part.map(({ run: of }) => BigInt(kind === 'batch' ? of : 0)) },
        { name: '_deleted', type: 'bool', values: part.map(() => false) },
        { name: '_marks', type: 'string', values: part.map(() => null) },
        { name: feature, type: 'int64', values: part.map(({ value }) => BigInt(value)) },
      ]),
    }));
  }
}

const failed = (reason: string): QueryStatus => ({ state: 'failed', reason, bytesScanned: 0, millis: 1 });
