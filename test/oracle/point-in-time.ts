import { compare, type OracleValue } from './values.ts';

/** A feature row as the rules see it: when it happened, when serving could know it, and what it says. */
export interface OracleRow {
  readonly key: string;
  readonly eventTime: number;
  readonly createdTime: number | null;
  /** Number of the run that published the row; 0 for rows of a table. */
  readonly run: number;
  /** Absent: a static row, visible always. */
  readonly availableAt: number | undefined;
  readonly deleted: boolean;
  readonly values: readonly OracleValue[];
}

export interface OracleRules {
  readonly mode: 'asServed' | 'eventTime' | 'knowledgeTime';
  readonly lag: number;
  readonly ttl: number | undefined;
  readonly defaults: readonly (OracleValue | undefined)[];
}

export interface OracleAnswer {
  readonly state: 'present' | 'missing' | 'expired' | 'deleted';
  readonly values: readonly OracleValue[];
}

/** What a label with this key (null: matches nothing) and event time sees: every row is looked at. */
export function pointInTime(
  rows: readonly OracleRow[],
  label: { readonly key: string | null; readonly eventTime: number },
  rules: OracleRules,
): OracleAnswer {
  const at = label.eventTime - rules.lag;
  let best: OracleRow | undefined;
  for (const row of rows) {
    if (label.key === null || row.key !== label.key) continue;
    if (!isVisible(row, at, rules.mode)) continue;
    if (best === undefined || isGreater(row, best)) best = row;
  }
  const absent = rules.defaults.map((value) => value ?? null);
  if (best === undefined) return { state: 'missing', values: absent };
  if (best.deleted) return { state: 'deleted', values: absent };
  const isStatic = best.availableAt === undefined;
  if (!isStatic && rules.ttl !== undefined && at - best.eventTime > rules.ttl)
    return { state: 'expired', values: absent };
  return { state: 'present', values: best.values };
}

function isVisible(row: OracleRow, at: number, mode: OracleRules['mode']): boolean {
  if (row.availableAt === undefined) return true;
  if (row.eventTime > at) return false;
  if (mode === 'eventTime') return true;
  // Rows that a run computed have no created time of their own: they are known once available.
  if (mode === 'knowledgeTime' && row.run === 0) return (row.createdTime ?? row.eventTime) <= at;
  return row.availableAt <= at;
}

/** Greatest (eventTime, createdTime or else eventTime, run, values in order, tombstone). */
export function isGreater(a: OracleRow, b: OracleRow): boolean {
  const parts = (row: OracleRow): OracleValue[] => [
    row.eventTime,
    row.createdTime ?? row.eventTime,
    row.run,
    ...row.values,
    row.deleted,
  ];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < left.length; i++) {
    const order = compare(left[i] ?? null, right[i] ?? null);
    if (order !== 0) return order > 0;
  }
  return false;
}
