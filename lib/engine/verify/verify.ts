import type { ServePlan, ServeResult } from '#engine/serve/plan.ts';
import type { ViewValues } from '#engine/transform/on-demand.ts';
import { compareValues } from '#semantics/value.ts';
import { type FeatureStatus, rowMarks } from '#spec/status.ts';
import type { TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { rowStates } from '#sql/training-set-sql.ts';

/** What the point-in-time join (with marks and exact states) says of one view at one instant; values have TTL and defaults applied. */
export interface OfflineView {
  /** One of rowStates. */
  readonly state: number;
  readonly marks: string | null;
  /** By feature name: at least those that the plan reads. */
  readonly values: TransformInput;
}

/** One entity, offline and as it was served at the same instant. */
export interface VerifyRow {
  /** The entity's keys, for the report. */
  readonly entity: Readonly<Record<string, Value>>;
  /** The answer's instant, at which the offline side was evaluated too; epoch milliseconds. */
  readonly asOfMillis: number;
  /** By `view@version`: every read of the plan. */
  readonly offline: Readonly<Record<string, OfflineView>>;
  /** The request fields that were sent; empty where the plan needs none. */
  readonly request: TransformInput;
  /** In the order of the plan's names. */
  readonly served: { readonly values: readonly Value[]; readonly status: readonly string[] };
  /**
   * The same entity, asked once more after its events had time to be applied; present where the first answer differed. A value over a
   * stream that agrees here was late the first time: events had arrived that were not applied yet, or were applied before their instant.
   */
  readonly again?: Omit<VerifyRow, 'again'>;
}

export interface Mismatch {
  readonly entity: VerifyRow['entity'];
  /** Result name. */
  readonly feature: string;
  readonly offline: { readonly value: Value; readonly status: FeatureStatus };
  readonly served: { readonly value: Value; readonly status: string };
}

export interface VerifyReport {
  readonly entities: number;
  /** Values compared: entities times features. */
  readonly checked: number;
  readonly mismatchCount: number;
  /** Values over streams that differed and agreed when they were asked for again: what lies between arrival and applied item. */
  readonly lateCount: number;
  /** The first of them, at most `maximumListed`. */
  readonly mismatches: readonly Mismatch[];
  /** Served values by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Share of values (0 to 1) that are PRESENT and differ from the feature's default: how much the comparison proves. */
  readonly presentShare: number;
}

const maximumListed = 100;

/** Views (`view@version`) whose values follow a stream: only theirs can be late. */
export type StreamViews = ReadonlySet<string>;

/**
 * Compares served values and statuses with what the offline store says of the same entities at the same instants. Values must be
 * equal in the order of values (NaN equals NaN). Statuses must be equal, but for a row that has expired: its item may be there still
 * (EXPIRED) or have been dropped (MISSING). An answer of another length than the plan is a mismatch of every missing value.
 */
export function verify(
  plan: ServePlan,
  rows: readonly VerifyRow[],
  streamViews: StreamViews = new Set(),
): VerifyReport {
  const mismatches: Mismatch[] = [];
  const statuses: Record<string, number> = {};
  let [mismatchCount, lateCount, present] = [0, 0, 0];
  for (const row of rows) {
    const differences = differencesOf(plan, row);
    const again = row.again && differencesOf(plan, row.again);
    plan.results.forEach((result, index) => {
      const status = row.served.status[index] ?? 'none';
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 'PRESENT' && !isDefault(result, row.served.values[index] ?? null)) present++;
      const difference = differences.get(index);
      if (!difference) return;
      if (again?.has(index) === false && streamViews.has(viewOf(plan, result))) {
        lateCount++;
        return;
      }
      mismatchCount++;
      if (mismatches.length < maximumListed) mismatches.push(difference);
    });
  }
  const checked = rows.length * plan.results.length;
  return {
    entities: rows.length,
    checked,
    mismatchCount,
    lateCount,
    mismatches,
    statuses,
    presentShare: checked === 0 ? 0 : present / checked,
  };
}

/** Where offline and served values or statuses differ, by index of the result. */
export function differencesOf(plan: ServePlan, row: Omit<VerifyRow, 'again'>): ReadonlyMap<number, Mismatch> {
  const expected = expectedRow(plan, row);
  const differences = new Map<number, Mismatch>();
  plan.names.forEach((feature, index) => {
    const offline = expected[index] ?? { value: null, status: 'ERROR' as const };
    const served = { value: row.served.values[index] ?? null, status: row.served.status[index] ?? 'none' };
    if (compareValues(offline.value, served.value) === 0 && agree(offline.status, served.status)) return;
    differences.set(index, { entity: row.entity, feature, offline, served });
  });
  return differences;
}

const viewOf = (plan: ServePlan, result: ServeResult): string =>
  result.kind === 'read' ? (plan.reads[result.read]?.viewId ?? '') : '';

const agree = (offline: FeatureStatus, served: string): boolean =>
  offline === served || (offline === 'EXPIRED' && served === 'MISSING');

const isDefault = (result: ServeResult, value: Value): boolean =>
  result.kind === 'read' && result.feature.fallback !== null && compareValues(result.feature.fallback, value) === 0;

/** What serving must answer for the row. */
function expectedRow(plan: ServePlan, row: Omit<VerifyRow, 'again'>): { value: Value; status: FeatureStatus }[] {
  const views: ViewValues = {};
  for (const read of plan.reads) views[read.viewId] = row.offline[read.viewId]?.values ?? {};
  const failures = plan.onDemand?.addTo(views, { request: row.request, asOf: row.asOfMillis }) ?? {};
  return plan.results.map((result) => {
    if (result.kind === 'onDemand') {
      const failed = failures[result.viewId] !== undefined;
      return { value: views[result.viewId]?.[result.feature] ?? null, status: failed ? 'ERROR' : 'PRESENT' };
    }
    const viewId = plan.reads[result.read]?.viewId ?? '';
    const offline = row.offline[viewId];
    return {
      value: offline?.values[result.feature.name] ?? null,
      status: offline ? statusOf(offline, result.feature.position) : 'MISSING',
    };
  });
}

function statusOf({ state, marks }: OfflineView, position: number): FeatureStatus {
  if (state === rowStates.expired) return 'EXPIRED';
  if (state !== rowStates.present) return 'MISSING';
  const mark = marks?.[position];
  return mark === rowMarks.empty ? 'DEFAULT' : mark === rowMarks.error ? 'ERROR' : 'PRESENT';
}
