import type { CommonTable } from './common-table.ts';

/** A SELECT over common tables, each of which reads earlier ones only. */
export interface CommonQuery {
  readonly tables: readonly CommonTable[];
  readonly select: string;
}

/** What one query costs an engine that writes common tables out at each use, as Trino and Athena do. */
export interface QueryShape {
  /** How often a relation (as it stands in the text, quoted) is scanned. */
  readonly scansOf: (relation: string) => number;
  /** Sorts of window functions: different PARTITION BY clauses, as often as their table is evaluated. */
  readonly sortedPasses: number;
}

const withoutLiterals = (sql: string): string => sql.replaceAll(/'(?:[^']|'')*'/g, "''");
const occurrences = (sql: string, pattern: RegExp): number => sql.match(pattern)?.length ?? 0;
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const windows = (sql: string): number =>
  new Set(sql.match(/PARTITION BY .*?(?= ROWS| RANGE|\))/g)?.map((text) => text.trim())).size;

export function queryShape({ tables, select }: CommonQuery): QueryShape {
  const queries = [...tables.map(({ query }) => query), select].map(withoutLiterals);
  /** How often each query is evaluated; the SELECT, which is the last, once. */
  const times = queries.map(() => 0);
  times[queries.length - 1] = 1;
  for (const [position, { name }] of [...tables.entries()].reverse()) {
    const uses = new RegExp(`(?<![\\w".])${escaped(name)}(?![\\w".])`, 'g');
    for (let later = position + 1; later < queries.length; later++)
      times[position] = (times[position] ?? 0) + occurrences(queries[later] ?? '', uses) * (times[later] ?? 0);
  }
  const sum = (of: (query: string) => number): number =>
    queries.reduce((total, query, position) => total + of(query) * (times[position] ?? 0), 0);
  return {
    scansOf: (relation) => sum((query) => occurrences(query, new RegExp(escaped(relation), 'g'))),
    sortedPasses: sum(windows),
  };
}
