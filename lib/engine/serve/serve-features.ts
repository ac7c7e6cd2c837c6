import type { ViewValues } from '#engine/transform/on-demand.ts';
import { guarded } from '#engine/transform/transform-guard.ts';
import { type FeatureStatus, rowMarks } from '#spec/status.ts';
import type { TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import { serveAddresses } from './addresses.ts';
import { type Cell, notUnderstood, torn, unread } from './cells.ts';
import type { ServePlan, ServeResult } from './plan.ts';
import type { ReadFeature } from './read.ts';
import { type ReadCall, readCells } from './read-cells.ts';

export interface ServeCall extends ReadCall {
  /** Per row of the answer, the encoded key of each entity of the plan, in their order. */
  readonly entityKeys: readonly (readonly string[])[];
  /** Request fields: one record for all rows, or one per row. */
  readonly request: readonly TransformInput[];
}

/** Values of one entity, in the order of the plan's names. */
export interface ServedRow {
  readonly values: readonly Value[];
  readonly status: readonly FeatureStatus[];
  /** Event time of the stored row that each value was read from, epoch milliseconds; null for static, absent and computed ones and for windows. */
  readonly eventTimes: readonly (number | null)[];
}

export interface Served {
  readonly rows: readonly ServedRow[];
  /** Some key could not be read before the deadline, and no policy says what stands for it: its values are null with status ERROR. */
  readonly partial: boolean;
  readonly counts: {
    /** Distinct items that are needed of the store. */
    readonly reads: number;
    /** States that were read again, caught between two hand-overs. */
    readonly torn: number;
    readonly unknownLayouts: number;
    readonly transformErrors: number;
    /** Reads that the service's policy answers, the store having failed: values with status FALLBACK. */
    readonly fallbacks: number;
    /** Of the items, those that were not asked of the store because a request had read them lately; undefined without a cache. */
    readonly cacheHits: number | undefined;
  };
  readonly storeMillis: number;
}

/**
 * Serves rows: one read of the store for all distinct (entity, view) addresses, then time to live, windows, defaults, marks and on-demand
 * features. Throws serve.storeUnavailable (kind unavailable) when not a single key could be read.
 */
export async function serveFeatures(rows: Pick<OnlineRows, 'read'>, call: ServeCall): Promise<Served> {
  const { plan } = call;
  const wanted = serveAddresses(plan, call.entityKeys);
  const { cells, torn: tornStates, cacheHits, storeMillis } = await readCells(rows, wanted, call);
  const cellsOfRow = call.entityKeys.map((_, row) =>
    plan.reads.map((_, read) => cells[wanted.indexOf[row * plan.reads.length + read] ?? 0] ?? unread),
  );
  const computed = computeOnDemand(call, cellsOfRow);
  const unknownLayouts = cells.reduce((sum, cell) => sum + (cell === notUnderstood ? 1 : 0), 0);
  return {
    rows: cellsOfRow.map((rowCells, row) => servedRow(plan, { cells: rowCells, computed: computed.rows[row] })),
    partial: cells.some((cell) => cell === unread || cell === torn),
    counts: {
      reads: wanted.addresses.length,
      torn: tornStates,
      unknownLayouts,
      transformErrors: computed.errors,
      fallbacks: cells.reduce((sum, cell) => sum + (cell.isFallback ? 1 : 0), 0),
      cacheHits,
    },
    storeMillis,
  };
}

function readValue(cell: Cell, feature: ReadFeature): Value {
  if (cell.state === 'PRESENT') return cell.values[feature.slot] ?? null;
  return cell.state === 'ERROR' ? null : feature.fallback;
}

function readStatus(cell: Cell, feature: ReadFeature): FeatureStatus {
  const status = storedStatus(cell, feature);
  return cell.isFallback && status !== 'ERROR' ? 'FALLBACK' : status;
}

function storedStatus(cell: Cell, { slot }: ReadFeature): FeatureStatus {
  if (cell.state !== 'PRESENT' || cell.marks === null) return cell.state;
  const mark = cell.marks[slot];
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
        for (const feature of read.features) values[feature.name] = readValue(cells[index] ?? unread, feature);
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
    if (result.kind === 'read') {
      const cell = cells[result.read] ?? unread;
      values[index] = readValue(cell, result.feature);
      eventTimes[index] = cell.eventTimeMillis;
      valueStatus = readStatus(cell, result.feature);
    } else {
      const isKnown =
        computed?.failures[result.viewId] === undefined && result.reads.every((read) => cells[read]?.isWhole);
      values[index] = isKnown ? (computed?.views[result.viewId]?.[result.feature] ?? null) : null;
      eventTimes[index] = null;
      const isFallback = result.reads.some((read) => cells[read]?.isFallback);
      valueStatus = !isKnown ? 'ERROR' : isFallback ? 'FALLBACK' : 'PRESENT';
    }
    if (valueStatus === 'PRESENT') continue;
    status ??= [...plan.allPresent];
    status[index] = valueStatus;
  }
  return { values, status: status ?? plan.allPresent, eventTimes };
}
