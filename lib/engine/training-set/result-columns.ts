import type { TypedColumn } from '#codec/parquet-write.ts';
import type { FeaturePlan } from '#engine/feature-plan.ts';
import { type OnDemand, onDemandOf, type ViewValues } from '#engine/transform/on-demand.ts';
import { guarded } from '#engine/transform/transform-guard.ts';
import { viewId } from '#spec/find.ts';
import type { Repository } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { rowStates } from '#sql/training-set-sql.ts';
import type { JoinedRows } from './joined-rows.ts';
import type { PartCounts, StateCounts } from './work-files.ts';

export interface ResultOptions {
  readonly repository: Repository;
  readonly plan: FeaturePlan;
  readonly joined: JoinedRows;
  /** Instant of each row, epoch milliseconds. */
  readonly asOfMillis: readonly number[];
  /** Values of the plan's request fields by name. */
  readonly requestFields: ReadonlyMap<string, readonly Value[]>;
  readonly rows: number;
}

export interface Results {
  /** In result order. */
  readonly columns: readonly TypedColumn[];
  readonly counts: PartCounts;
  /** Names the view; may quote values. */
  readonly firstTransformError: string | undefined;
}

/** The result columns of a part: features of entities as they were joined, on-demand ones computed row by row. */
export function resultColumns(options: ResultOptions): Results {
  const { plan, joined, rows } = options;
  const computed = computeOnDemand(options);
  const columns = plan.results.map(({ name, view, feature }): TypedColumn => {
    const id = viewId(view);
    const values = joined.get(id)?.values.get(feature.name) ?? computed.values.get(`${id}:${feature.name}`);
    if (!values) throw new Error(`no values of ${id}:${feature.name}`);
    return { name, type: feature.type, values };
  });
  return {
    columns,
    counts: {
      rows,
      nulls: Object.fromEntries(columns.map(({ name, values }) => [name, countNulls(values)])),
      states: Object.fromEntries([...joined].map(([id, { states }]) => [id, countStates(states)])),
      transformErrors: Object.fromEntries(computed.failures),
    },
    firstTransformError: computed.firstFailure,
  };
}

interface Computed {
  /** By `view@version:feature`. */
  readonly values: ReadonlyMap<string, Value[]>;
  /** Rows that failed by `view@version`. */
  readonly failures: ReadonlyMap<string, number>;
  readonly firstFailure: string | undefined;
}

function computeOnDemand({ repository, plan, joined, asOfMillis, requestFields, rows }: ResultOptions): Computed {
  const failures = new Map(plan.transforms.map((view) => [viewId(view), 0]));
  const wanted = plan.results.filter(({ view }) => view.kind === 'onDemand');
  const values = new Map(
    wanted.map(({ view, feature }) => [`${viewId(view)}:${feature.name}`, new Array<Value>(rows)]),
  );
  if (plan.transforms.length === 0) return { values, failures, firstFailure: undefined };
  const onDemand: OnDemand = onDemandOf(plan, repository);
  let firstFailure: string | undefined;
  // guarded as a whole: the guard costs more than most transforms
  guarded(() => {
    for (let row = 0; row < rows; row++) {
      const views = joinedValues(joined, row);
      const request = Object.fromEntries([...requestFields].map(([name, column]) => [name, column[row] ?? null]));
      const failed = onDemand.addTo(views, { request, asOf: asOfMillis[row] ?? Number.NaN });
      for (const [id, problem] of Object.entries(failed)) {
        failures.set(id, (failures.get(id) ?? 0) + 1);
        firstFailure ??= problem;
      }
      for (const { view, feature } of wanted) {
        const column = values.get(`${viewId(view)}:${feature.name}`);
        if (column) column[row] = views[viewId(view)]?.[feature.name] ?? null;
      }
    }
  });
  return { values, failures, firstFailure };
}

function joinedValues(joined: JoinedRows, row: number): ViewValues {
  const views: ViewValues = {};
  for (const [id, { values }] of joined) {
    const features: Record<string, Value> = {};
    for (const [name, column] of values) features[name] = column[row] ?? null;
    views[id] = features;
  }
  return views;
}

const countNulls = (values: readonly Value[]): number =>
  values.reduce<number>((count, value) => (value === null ? count + 1 : count), 0);

function countStates(states: readonly Value[]): StateCounts {
  const counts = { present: 0, absent: 0, deleted: 0 };
  for (const state of states)
    if (state === rowStates.present) counts.present++;
    else if (state === rowStates.deleted) counts.deleted++;
    else counts.absent++;
  return counts;
}
