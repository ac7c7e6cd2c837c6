import type { SqlEngine } from '#store/sql-engine.ts';

/** The SELECT of a statement, unloaded or not; undefined of any other. */
function selectOf(statement: string): string | undefined {
  const [, unloaded] = /^UNLOAD \(\n([\s\S]*)\n\)\nTO '/.exec(statement) ?? [];
  if (unloaded !== undefined) return unloaded;
  return /^(?:SELECT|WITH)\b/.test(statement) ? statement : undefined;
}

/** An engine that hands every SELECT to `compare` before it starts it: what a suite asks of its engine is asked of Trino too. */
export const comparedEngine = (sql: SqlEngine, compare: (select: string) => Promise<void>): SqlEngine => ({
  start: async (statement, token) => {
    const select = selectOf(statement);
    if (select !== undefined) await compare(select);
    return sql.start(statement, token);
  },
  status: (id) => sql.status(id),
  stop: (id) => sql.stop(id),
  rows: (id) => sql.rows(id),
});
