import { TidemarkError } from '#spec/errors.ts';
import { type FeatureStatus, rowMarks } from '#spec/status.ts';
import type { TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import type { OnlineRows, ReadOptions, ReadOutcome, RowAddress } from '#store/online-rows.ts';
import type { ViewValues } from './on-demand.ts';
import type { ServePlan, ServeRead, ServeResult } from './serve-plan.ts';
import { guarded } from './transform-guard.ts';

export interface ServeCall {
  readonly plan: ServePlan;
  /** Per row of the answer, the encoded key of each entity of the plan, in their order. */
  readonly entityKeys: readonly (readonly string[])[];
  /** Request fields: one record for all rows, or one per row. */
  readonly request: readonly TransformInput[];
  /** The one instant of all rows, epoch milliseconds. */
  readonly asOfMillis: number;
  readonly deadlineMillis: number;
  /** `strong` sees every write acknowledged before the call; `eventual` may miss the latest. */
  readonly consistency: 'eventual' | 'strong';
}

/** Values of one entity, in the order of the plan's names. */
export interface ServedRow {
  readonly values: readonly Value[];
  readonly status: readonly FeatureStatus[];
  /** Event time of the stored row that each value was read from, epoch milliseconds; null for static, absent and computed ones. */
  readonly eventTimes: readonly (number | null)[];
}

export interface Served {
  readonly rows: readonly ServedRow[];
  /** Some key could not be read before the deadline: its values are null with status ERROR. */
  readonly partial: boolean;
  readonly counts: {
    /** Distinct rows asked of the store. */
    readonly reads: number;
    readonly unknownLayouts: number;
    readonly transformErrors: number;
  };
  readonly storeMillis: number;
}

/** What one stored row is at the instant of the request; ERROR: it may exist, but this answer does not know what it holds. */
interface Cell {
  readonly state: 'PRESENT' | 'MISSING' | 'EXPIRED' | 'ERROR';
  readonly values: readonly Value[];
  readonly marks: string | null;
  readonly eventTimeMillis: number | null;
}

const noCell = (state: 'MISSING' | 'ERROR'): Cell => ({ state, values: [], marks: null, eventTimeMillis: null });
const missing = noCell('MISSING');
const failed = noCell('ERROR');

/**
 * Serves rows: one read of the store for all distinct (entity, view) addresses, then time to live, defaults, marks and on-demand
 * features. Throws serve.storeUnavailable (kind unavailable) when not a single key could be read.
 */
export async function serveFeatures(rows: OnlineRows, call: ServeCall): Promise<Served> {
  const { addresses, indexOf } = addressesOf(call);
  const startedAt = performance.now();
  const outcomes = addresses.length > 0 ? await rows.read(addresses, readOptions(call)) : [];
  const storeMillis = performance.now() - startedAt;
  const failures = outcomes.reduce((sum, outcome) => sum + (outcome.kind === 'failed' ? 1 : 0), 0);
  if (failures > 0 && failures === outcomes.length)
    throw new TidemarkError('serve.storeUnavailable', `none of ${failures} keys could be read before the deadline`, {
      kind: 'unavailable',
    });
  return { ...assemble(call, indexOf, outcomes), partial: failures > 0, storeMillis };
}

const readOptions = ({ deadlineMillis, consistency }: ServeCall): ReadOptions => ({
  deadlineMillis,
  consistent: consistency === 'strong',
});

interface Addresses {
  readonly addresses: readonly RowAddress[];
  /** Per row of the answer and read of the plan, the index of its address: `indexOf[row * reads + read]`. */
  readonly indexOf: Int32Array;
}

/** Every (entity, view) once, however often the entity stands in the request. */
function addressesOf({ plan, entityKeys }: ServeCall): Addresses {
  const addresses: RowAddress[] = [];
  const indexOf = new Int32Array(entityKeys.length * plan.reads.length);
  plan.reads.forEach(({ viewId, entity }, read) => {
    const known = new Map<string, number>();
    entityKeys.forEach((keys, row) => {
      const entityKey = keys[entity] ?? '';
      let index = known.get(entityKey);
      if (index === undefined) {
        index = addresses.push({ entityKey, viewId }) - 1;
        known.set(entityKey, index);
      }
      indexOf[row * plan.reads.length + read] = index;
    });
  });
  return { addresses, indexOf };
}

function assemble(call: ServeCall, indexOf: Int32Array, outcomes: readonly ReadOutcome[]) {
  const { plan, asOfMillis } = call;
  const cells: (Cell | undefined)[] = new Array(outcomes.length);
  let unknownLayouts = 0;
  const cellsOfRow = call.entityKeys.map((_, row) =>
    plan.reads.map((read, readIndex) => {
      const index = indexOf[row * plan.reads.length + readIndex] ?? 0;
      let cell = cells[index];
      if (cell === undefined) {
        const outcome = outcomes[index];
        cell = cellOf(read, outcome, asOfMillis);
        if (cell === failed && outcome?.kind === 'found') unknownLayouts++;
        cells[index] = cell;
      }
      return cell;
    }),
  );
  const computed = computeOnDemand(call, cellsOfRow);
  return {
    rows: cellsOfRow.map((rowCells, row) => servedRow(plan, { cells: rowCells, computed: computed.rows[row] })),
    counts: { reads: outcomes.length, unknownLayouts, transformErrors: computed.errors },
  };
}

function cellOf(read: ServeRead, outcome: ReadOutcome | undefined, asOfMillis: number): Cell {
  if (outcome === undefined || outcome.kind === 'failed') return failed;
  if (outcome.kind === 'absent') return missing;
  const unpacked = unpackOrUndefined(read, outcome.packed);
  if (unpacked?.kind !== 'row') return failed;
  const { eventTimeMillis, deleted, marks, values } = unpacked.row;
  if (deleted) return missing;
  const expired = eventTimeMillis !== null && asOfMillis - eventTimeMillis > read.ttlMillis;
  return { state: expired ? 'EXPIRED' : 'PRESENT', values, marks, eventTimeMillis };
}

/** A text that no writer of ours can have written is one bad value, not a bad answer. */
function unpackOrUndefined(read: ServeRead, packed: string) {
  try {
    return read.unpack(packed);
  } catch {
    return undefined;
  }
}

function storedValue(cell: Cell, feature: { position: number; fallback: Value }): Value {
  if (cell.state === 'PRESENT') return cell.values[feature.position] ?? null;
  return cell.state === 'ERROR' ? null : feature.fallback;
}

function storedStatus(cell: Cell, position: number): FeatureStatus {
  if (cell.state !== 'PRESENT' || cell.marks === null) return cell.state;
  const mark = cell.marks[position];
  return mark === rowMarks.empty ? 'DEFAULT' : mark === rowMarks.error ? 'ERROR' : 'PRESENT';
}

interface ComputedRow {
  readonly views: ViewValues;
  /** By view id: the transform failed. */
  readonly failures: Readonly<Record<string, string>>;
}

/** Runs the transforms of all rows under one guard. What an unread row would have fed is ERROR later, whatever came out here. */
function computeOnDemand(call: ServeCall, cellsOfRow: readonly (readonly Cell[])[]) {
  const { plan, request, asOfMillis } = call;
  const { onDemand } = plan;
  if (!onDemand) return { rows: [], errors: 0 };
  let errors = 0;
  const rows = guarded(() =>
    cellsOfRow.map((cells, row): ComputedRow => {
      const views: ViewValues = {};
      plan.reads.forEach((read, index) => {
        const values: Record<string, Value> = {};
        for (const feature of read.features) values[feature.name] = storedValue(cells[index] ?? failed, feature);
        views[read.viewId] = values;
      });
      const failures = onDemand.addTo(views, {
        request: request[request.length === 1 ? 0 : row] ?? {},
        asOf: asOfMillis,
      });
      errors += Object.keys(failures).length;
      return { views, failures };
    }),
  );
  return { rows, errors };
}

interface RowParts {
  readonly cells: readonly Cell[];
  readonly computed: ComputedRow | undefined;
}

function servedRow(plan: ServePlan, { cells, computed }: RowParts): ServedRow {
  const values: Value[] = new Array(plan.results.length);
  const eventTimes: (number | null)[] = new Array(plan.results.length);
  let status: FeatureStatus[] | undefined;
  for (let index = 0; index < plan.results.length; index++) {
    const result = plan.results[index] as ServeResult; // index < length
    let valueStatus: FeatureStatus;
    if (result.kind === 'stored') {
      const cell = cells[result.read] ?? failed;
      values[index] = storedValue(cell, result.feature);
      eventTimes[index] = cell.eventTimeMillis;
      valueStatus = storedStatus(cell, result.feature.position);
    } else {
      const isKnown =
        computed?.failures[result.viewId] === undefined && result.reads.every((read) => cells[read]?.state !== 'ERROR');
      values[index] = isKnown ? (computed?.views[result.viewId]?.[result.feature] ?? null) : null;
      eventTimes[index] = null;
      valueStatus = isKnown ? 'PRESENT' : 'ERROR';
    }
    if (valueStatus === 'PRESENT') continue;
    status ??= [...plan.allPresent];
    status[index] = valueStatus;
  }
  return { values, status: status ?? plan.allPresent, eventTimes };
}
