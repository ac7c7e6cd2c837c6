import type { ServePlan } from '#engine/serve/plan.ts';
import { differencesOf, type Mismatch, type VerifyRow } from '#engine/verify/verify.ts';
import type { LoggedRow } from './logged-rows.ts';
import type { LoggedService } from './recompute.ts';

/** A value that was served and that the offline side does not give for the same instant. */
export interface LogDifference {
  readonly requestId: string;
  readonly asOfMillis: number;
  readonly entity: Mismatch['entity'];
  /** Result name. */
  readonly feature: string;
  readonly logged: Mismatch['served'];
  readonly recomputed: Mismatch['offline'];
}

export interface LogComparison {
  readonly rows: number;
  /** Values compared; those that were masked or not read are not. */
  readonly checked: number;
  readonly mismatchCount: number;
  /** Differing values over streams of entities with events that arrived in the minute before: they may have been on their way. */
  readonly lateCount: number;
  /** Values that the answer gave as not read in time, or masked for its caller: nothing was served that could be compared. */
  readonly unreadCount: number;
  readonly maskedCount: number;
  /** The first of them, at most `maximumListed` of each. */
  readonly mismatches: readonly LogDifference[];
  readonly late: readonly LogDifference[];
  /** Compared values by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const maximumListed = 100;

export interface DifferingRow {
  /** Index of the row. */
  readonly at: number;
  /** By index of the result. */
  readonly differences: ReadonlyMap<number, Mismatch>;
}

/** Rows of which some value or status differs, masked and unread ones too. */
export const differingRows = (plan: ServePlan, rows: readonly VerifyRow[]): readonly DifferingRow[] =>
  rows.flatMap((row, at) => {
    const differences = differencesOf(plan, row);
    return differences.size > 0 ? [{ at, differences }] : [];
  });

/** What remains of the differences once what was not served is left out; `near` are rows whose events may have been on their way. */
export function compareLogged(
  service: LoggedService,
  rows: readonly LoggedRow[],
  { differing, near }: { readonly differing: readonly DifferingRow[]; readonly near: ReadonlySet<number> },
): LogComparison {
  const { plan, followers } = service;
  const statuses: Record<string, number> = {};
  let [masked, unread, checked] = [0, 0, 0];
  for (const { served, partial } of rows)
    for (const status of served.status) {
      if (status === 'MASKED') masked++;
      else if (isUnread(status, partial)) unread++;
      else {
        checked++;
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    }
  const found: Record<'mismatches' | 'late', LogDifference[]> = { mismatches: [], late: [] };
  let [mismatchCount, lateCount] = [0, 0];
  for (const { at, differences } of differing) {
    const row = rows[at];
    if (!row) continue;
    for (const [index, { entity, feature, served, offline }] of differences) {
      if (served.status === 'MASKED' || isUnread(served.status, row.partial)) continue;
      const isLate = near.has(at) && follows(plan, index, followers);
      if (isLate) lateCount++;
      else mismatchCount++;
      const list = found[isLate ? 'late' : 'mismatches'];
      const { requestId, asOfMillis } = row;
      if (list.length < maximumListed)
        list.push({ requestId, asOfMillis, entity, feature, logged: served, recomputed: offline });
    }
  }
  return {
    rows: rows.length,
    checked,
    mismatchCount,
    lateCount,
    unreadCount: unread,
    maskedCount: masked,
    ...found,
    statuses,
  };
}

/** An answer says of itself that keys could not be read: their values are ERROR or a substitute, which is no claim about them. */
const isUnread = (status: string, partial: boolean): boolean =>
  status === 'FALLBACK' || (partial && status === 'ERROR');

/** Whether a result is read, or computed, from a view over a stream. */
function follows({ results, reads }: ServePlan, index: number, followers: ReadonlySet<string>): boolean {
  const result = results[index];
  if (!result) return false;
  const read = result.kind === 'read' ? [result.read] : result.reads;
  return read.some((at) => followers.has(reads[at]?.viewId ?? ''));
}
