import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Value } from '#spec/value-type.ts';
import { trinoClient } from './client.ts';

/** Columns of rows with their types, by name in their order. */
export type Rows = ReadonlyMap<string, { readonly type: string; readonly values: readonly Value[] }>;

/** A Trino to compare the local engine with. */
export interface TrinoTarget {
  readonly endpoint: string;
  /** File that gets a line for each statement: { "rows": 3, "values": 12 }. */
  readonly figuresFile: string;
}

/** What `npm run test:trino` has started, or undefined in every other run of the tests. */
export function trinoTarget(): TrinoTarget | undefined {
  const { TIDEMARK_TRINO_ENDPOINT: endpoint, TIDEMARK_TRINO_FIGURES: figuresFile } = process.env;
  return endpoint && figuresFile ? { endpoint, figuresFile } : undefined;
}

/** Runs a SELECT, unchanged, on Trino and writes its rows as Parquet below the URI, as UNLOAD does. Throws with Trino's reason. */
export async function unloadOnTrino(
  target: TrinoTarget,
  statement: { readonly select: string; readonly database: string; readonly uri: string },
): Promise<void> {
  const table = `"${statement.database}"."unloaded_${randomBytes(8).toString('hex')}"`;
  const properties = `format = 'PARQUET', external_location = '${statement.uri}'`;
  await trinoClient(target.endpoint).query(`CREATE TABLE ${table} WITH (${properties}) AS\n${statement.select}`);
}

/** A value as text that two values share only if all their bits are equal: -0 is not 0, and a number no bigint. NaN has one text. */
function bits(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(bits).join(',')}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Texts of all rows, sorted: a statement without ORDER BY promises no order. */
function texts(rows: Rows): string[] {
  const columns = [...rows.values()];
  const count = columns[0]?.values.length ?? 0;
  return Array.from({ length: count }, (_, row) =>
    columns.map(({ values }) => bits(values[row] ?? null)).join(' '),
  ).sort();
}

/** Throws unless both hold the same rows, columns and types, and notes the figures. */
export function expectEqualRows(
  target: TrinoTarget,
  select: string,
  both: { readonly local: Rows; readonly trino: Rows },
): void {
  const [local, trino] = [texts(both.local), texts(both.trino)];
  if (local.length > 0 || trino.length > 0) {
    const header = (rows: Rows): string => [...rows].map(([name, { type }]) => `${name} ${type}`).join(', ');
    if (header(both.local) !== header(both.trino))
      throw new Error(`columns differ\n  local: ${header(both.local)}\n  Trino: ${header(both.trino)}\n${select}`);
  }
  if (local.length !== trino.length || local.some((row, at) => row !== trino[at])) {
    const others = (rows: readonly string[], of: readonly string[]): string => {
      const known = new Set(of);
      const own = rows.filter((row) => !known.has(row));
      return `${own.length} rows, such as\n    ${own.slice(0, 5).join('\n    ')}`;
    };
    throw new Error(
      `rows differ: ${local.length} local, ${trino.length} of Trino\n  local only: ${others(local, trino)}\n  Trino only: ${others(trino, local)}\n${select}`,
    );
  }
  const figures = { rows: local.length, values: local.length * both.local.size };
  appendFileSync(target.figuresFile, `${JSON.stringify(figures)}\n`);
}
