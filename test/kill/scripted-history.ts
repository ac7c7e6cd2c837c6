import { backfillPlanSchema } from '#engine/backfill/backfill-plan.ts';
import { readerSlackMillis } from '#engine/ingest/fold-events.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState } from '#semantics/stream/window-state.ts';
import { findEntity, findStreamView } from '#spec/find.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { MemoryObjects } from '#store/memory/objects.ts';
import type { QueryStatus, SqlEngine } from '#store/sql-engine.ts';
import { type HistoryRow, historyFile } from '#test/support/history-file.ts';
import type { OracleRecord } from '../oracle/stream-view.ts';
import { acceptedEvents } from '../property/stream-world-events.ts';

export interface HistoryScript {
  readonly manifest: Manifest;
  readonly source: StreamSource;
  readonly objects: MemoryObjects;
  /** What the log and the history hold now. */
  readonly records: () => readonly OracleRecord[];
  readonly clock: () => number;
}

/**
 * Stands for Athena where the flow of a backfill is tested, not its SQL: it reads no SQL, but writes what the statement of that plan would write,
 * into the folder that the statement names, as UNLOAD does. It goes on when the process that started it has died.
 */
export class ScriptedHistory implements SqlEngine {
  /** Folders of attempts that fail half-way. */
  failingAttempt = /$^/;
  readonly #script: HistoryScript;
  readonly #ids = new Map<string, string>();
  readonly #queries = new Map<string, { readonly sql: string; looks: number; status: QueryStatus | undefined }>();

  constructor(script: HistoryScript) {
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

  async stop(): Promise<void> {}

  async *rows(): AsyncIterable<readonly (string | null)[]> {}

  async #execute(id: string, sql: string): Promise<QueryStatus> {
    const { objects } = this.#script;
    const folder = /\nTO 's3:\/\/memory\/([^']+)'/.exec(sql)?.[1] ?? '';
    for await (const { key } of objects.list(folder)) return failed(`HIVE_PATH_ALREADY_EXISTS: ${key}`);
    const files = await this.#files(folder);
    if (this.failingAttempt.test(folder)) {
      const [first] = files;
      if (first) await objects.put(first.key, first.body);
      return failed('GENERIC_INTERNAL_ERROR: a worker was lost');
    }
    for (const { key, body } of files) await objects.put(key, body);
    const manifestKey = `athena-results/${id}-manifest.csv`;
    await objects.put(manifestKey, files.map(({ key }) => objects.uri(key)).join('\n'));
    return { state: 'succeeded', bytesScanned: 1000, millis: 5, manifestUri: objects.uri(manifestKey) };
  }

  async #files(folder: string): Promise<{ key: string; body: Uint8Array }[]> {
    const { manifest, source, objects } = this.#script;
    const [, name = '', version = '', run = ''] = /^runs\/(\w+)\/v(\d+)\/(\d+)\/selection\//.exec(folder) ?? [];
    const stored = await objects.get(`runs/${name}/v${version}/${run}/plan.json`);
    const { cutMillis } = backfillPlanSchema.parse(JSON.parse(new TextDecoder().decode(stored?.body)));
    const view = findStreamView(manifest, name);
    const entity = findEntity(manifest, view.entity);
    const rows = this.#histories(view.name, cutMillis);
    const half = Math.ceil(rows.length / 2);
    const parts = [rows.slice(0, half), rows.slice(half)].filter((part) => part.length > 0);
    return parts.map((part, index) => ({
      key: `${folder}part-${index}`,
      body: historyFile({ view, source, entity }, part),
    }));
  }

  #histories(name: string, cutMillis: number): HistoryRow[] {
    const { manifest, source, records, clock } = this.#script;
    const view = findStreamView(manifest, name);
    const entity = findEntity(manifest, view.entity);
    const plan = planWindows(view, source);
    const isOfHistory = ({ arrivalMillis }: StreamEvent): boolean =>
      arrivalMillis <= Math.max(cutMillis, source.history?.untilMillis ?? 0);
    const events = acceptedEvents(records(), source).filter((event) => event.key !== null && isOfHistory(event));
    return [...Map.groupBy(events, ({ key }) => key).values()].flatMap((own) => {
      const state = compactState(plan, addEvents(plan, emptyState, own), clock() - readerSlackMillis);
      if (state.tiles.length + state.events.length === 0) return [];
      return [{ keys: entity.keys.map(({ name: key }) => own[0]?.row[key] ?? null), state, events: own }];
    });
  }
}

const failed = (reason: string): QueryStatus => ({ state: 'failed', reason, bytesScanned: 0, millis: 1 });
