import { writeParquet } from '#codec/parquet-write.ts';
import { batchPlanSchema, runPlanSchema } from '#engine/materialize/run-plan.ts';
import { findView } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { MemoryObjects } from '#store/memory/objects.ts';
import { ScriptedSql, type WrittenFile } from './scripted-sql.ts';

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

/** Writes what the statements of runs would write: of the plan that lies beside the folder. */
export const scriptedAthena = (script: Script): ScriptedSql =>
  new ScriptedSql({
    ...script,
    files: (folder, sql) =>
      folder.startsWith('feature-rows/') ? chunk(script, folder) : selection(script, folder, sql),
  });

async function planOf({ objects }: Script, [view, version, run]: readonly string[]): Promise<unknown> {
  const stored = await objects.get(`runs/${view}/v${version}/${run}/plan.json`);
  return JSON.parse(new TextDecoder().decode(stored?.body));
}

async function chunk(script: Script, folder: string): Promise<WrittenFile[]> {
  const [, view = '', version = '', run = '', number = ''] =
    /^feature-rows\/(\w+)\/v(\d+)\/run=(\d+)\/chunk-(\d+)-\d+\/$/.exec(folder) ?? [];
  const plan = batchPlanSchema.parse(await planOf(script, [view, version, run]));
  const planned = plan.chunks.find((candidate) => candidate.number === Number(number));
  const rows = planned ? script.computed(planned.fromMillis, planned.toMillis) : [];
  return [...Map.groupBy(rows, ({ eventMillis }) => dateOf(eventMillis))].map(([dt, ofDate]) => ({
    key: `${folder}dt=${dt}/part-0`,
    body: writeParquet([
      { name: 'driver', type: 'int64', values: ofDate.map(({ driver }) => BigInt(driver)) },
      { name: 'event', type: 'int64', values: ofDate.map(({ eventMillis }) => BigInt(eventMillis)) },
      { name: 'value', type: 'int64', values: ofDate.map(({ value }) => BigInt(value)) },
    ]),
  }));
}

async function selection(script: Script, folder: string, sql: string): Promise<WrittenFile[]> {
  const [, view = '', version = '', run = ''] = /^runs\/(\w+)\/v(\d+)\/(\d+)\/selection\//.exec(folder) ?? [];
  const { kind } = runPlanSchema.parse(await planOf(script, [view, version, run]));
  const rows = await script.selected(sql);
  const feature = findView(script.manifest, view).features[0]?.name ?? '';
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
