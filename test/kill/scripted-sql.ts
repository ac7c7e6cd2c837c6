import type { MemoryObjects } from '#store/memory/objects.ts';
import type { QueryStatus, SqlEngine } from '#store/sql-engine.ts';

export interface WrittenFile {
  readonly key: string;
  readonly body: Uint8Array;
}

export interface SqlScript {
  readonly objects: MemoryObjects;
  /** The files that the statement writes into its folder. */
  readonly files: (folder: string, sql: string) => Promise<readonly WrittenFile[]>;
  /** True for an attempt that fails after it has written half of its rows. */
  readonly fails: (folder: string) => boolean;
}

/**
 * Stands for Athena where the flow of a run is tested, not its SQL: it reads no SQL, but writes what a script says into the folder that the
 * statement names, as UNLOAD does. It goes on when the process that started it has died.
 */
export class ScriptedSql implements SqlEngine {
  readonly #script: SqlScript;
  readonly #ids = new Map<string, string>();
  readonly #queries = new Map<string, { readonly sql: string; looks: number; status: QueryStatus | undefined }>();

  constructor(script: SqlScript) {
    this.#script = script;
  }

  async start(sql: string, token: string): Promise<string> {
    const known = this.#ids.get(token);
    if (known !== undefined) {
      if (this.#queries.get(known)?.sql !== sql) throw new Error('the token stands for another statement');
      return known;
    }
    const id = `query-${this.#ids.size}`;
    this.#ids.set(token, id);
    this.#queries.set(id, { sql, looks: 0, status: undefined });
    return id;
  }

  async status(queryId: string): Promise<QueryStatus> {
    const query = this.#queries.get(queryId);
    if (!query) throw new Error(`no query ${queryId}`);
    query.looks += 1;
    if (query.looks === 1) return { state: 'running', bytesScanned: 0, millis: 0 };
    query.status ??= await this.#execute(queryId, query.sql);
    return query.status;
  }

  /** Every statement that is under way ends, as if nobody looked. */
  async settle(): Promise<void> {
    for (const [id, query] of this.#queries) query.status ??= await this.#execute(id, query.sql);
  }

  async stop(): Promise<void> {}

  async *rows(): AsyncIterable<readonly (string | null)[]> {}

  async #execute(id: string, sql: string): Promise<QueryStatus> {
    const { objects, fails } = this.#script;
    const folder = /\nTO 's3:\/\/memory\/([^']+)'/.exec(sql)?.[1] ?? '';
    for await (const { key } of objects.list(folder)) return failed(`HIVE_PATH_ALREADY_EXISTS: ${key}`);
    const files = await this.#script.files(folder, sql);
    if (fails(folder)) {
      const [first] = files;
      if (first) await objects.put(first.key, first.body);
      return failed('GENERIC_INTERNAL_ERROR: a worker was lost');
    }
    for (const { key, body } of files) await objects.put(key, body);
    const manifestKey = `athena-results/${id}-manifest.csv`;
    await objects.put(manifestKey, files.map(({ key }) => objects.uri(key)).join('\n'));
    return { state: 'succeeded', bytesScanned: 1000, millis: 5, manifestUri: objects.uri(manifestKey) };
  }
}

const failed = (reason: string): QueryStatus => ({ state: 'failed', reason, bytesScanned: 0, millis: 1 });
