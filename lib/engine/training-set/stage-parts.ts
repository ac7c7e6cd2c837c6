import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { FeaturePlan } from '#engine/feature-plan.ts';
import { readJson } from '#engine/stored-json.ts';
import { isInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { maximumSpineParts } from '#spec/layout.ts';
import type { Value } from '#spec/value-type.ts';
import type { OpenedSpine } from './open-spine.ts';
import type { TrainingSetPorts } from './ports.ts';
import type { SpineRows } from './spine-file.ts';
import { type SpineLayout, type SpineUse, usesOf } from './spine-layout.ts';
import { type Staged, type StagedPart, type StagingPlan, stagedSchema, workFiles } from './work-files.ts';

export const emptySpine = (): TidemarkError =>
  new TidemarkError('trainingSet.emptySpine', 'the spine has no rows; it needs at least one label');

type PartPorts = Pick<TrainingSetPorts, 'objects' | 'clock'>;

export interface PartsToStage extends OpenedSpine {
  readonly plan: FeaturePlan;
  readonly untilMillis: number;
}

/** Writes parts from where the last call stopped, until it is `untilMillis` or the spine ends; returns what is staged. */
export async function stageParts(
  ports: PartPorts,
  { staging, file, layout, plan, untilMillis }: PartsToStage,
): Promise<Staged> {
  const files = workFiles(staging.request.id);
  const known = (await readJson(ports.objects, files.staged, stagedSchema))?.value;
  const identity = {
    requestHash: staging.requestHash,
    spineEtag: staging.spine.etag,
    partRows: staging.partRows,
    ...(staging.asOfMillis === undefined ? {} : { asOfMillis: staging.asOfMillis }),
  };
  const isSame =
    known?.requestHash === identity.requestHash &&
    known.spineEtag === identity.spineEtag &&
    known.partRows === identity.partRows &&
    known.asOfMillis === staging.asOfMillis;
  if (isSame && known.isComplete) return known;
  const parts: StagedPart[] = isSame ? [...known.parts] : [];
  const firstRow = parts.reduce((sum, part) => sum + part.rows, 0);
  const read = [...new Set(usesOf(layout).map(({ column }) => column))];
  let isComplete = true;
  for await (const rows of file.parts({ firstRow, partRows: staging.partRows, read })) {
    parts.push(await stagePart(ports, { staging, layout, plan, rows, parts }));
    if (ports.clock() >= untilMillis) {
      isComplete = false;
      break;
    }
  }
  if (parts.length === 0) throw emptySpine();
  await checkUnchanged(ports, staging);
  const staged: Staged = { ...identity, parts, isComplete };
  if (isComplete) await ports.objects.put(files.items, JSON.stringify(parts.map(({ part }) => ({ part }))));
  await ports.objects.put(files.staged, JSON.stringify(staged));
  return staged;
}

interface PartToStage {
  readonly staging: StagingPlan;
  readonly layout: SpineLayout;
  readonly plan: FeaturePlan;
  readonly rows: SpineRows;
  /** The parts before it. */
  readonly parts: readonly StagedPart[];
}

async function stagePart(
  { objects }: PartPorts,
  { staging, layout, plan, rows, parts }: PartToStage,
): Promise<StagedPart> {
  const part = parts.length;
  if (part >= maximumSpineParts)
    throw new TidemarkError(
      'trainingSet.tooLong',
      `the spine has more than ${maximumSpineParts} parts of ${parts[0]?.rows} rows; split it into several training sets`,
    );
  const last = parts.at(-1);
  const firstRow = last ? last.firstRow + last.rows : 0;
  const eventMillis = rowInstants(layout.eventTime ?? staging.asOfMillis, rows, firstRow);
  const keys = layout.keys.map(
    (use): TypedColumn => ({
      name: use.target,
      type: use.type,
      values: usedValues(use, rows, firstRow),
    }),
  );
  // checked here, before any query is paid for; finishing converts them again
  for (const use of layout.requestFields) usedValues(use, rows, firstRow);
  const files = workFiles(staging.request.id);
  await objects.put(files.spinePart(part), writeParquet(rows.columns));
  if (plan.reads.length > 0) {
    const rowIds = Array.from({ length: rows.count }, (_, index) => BigInt(firstRow + index));
    const join: TypedColumn[] = [
      { name: 'row_id', type: 'int64', values: rowIds },
      { name: 'event_time_ms', type: 'int64', values: eventMillis.map(BigInt) },
      ...keys,
    ];
    await objects.put(files.joinPart(part), writeParquet(join));
  }
  let [minEventMillis, maxEventMillis] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const millis of eventMillis) {
    minEventMillis = Math.min(minEventMillis, millis);
    maxEventMillis = Math.max(maxEventMillis, millis);
  }
  return { part, firstRow, rows: rows.count, minEventMillis, maxEventMillis };
}

/** Epoch milliseconds per row: from the column of event times, or the one instant of all rows. */
export function rowInstants(
  times: SpineUse | number | undefined,
  rows: Pick<SpineRows, 'count' | 'values'>,
  firstRow: number,
): number[] {
  if (times === undefined) throw new Error('the rows have neither event times nor one instant');
  if (typeof times === 'number') return new Array<number>(rows.count).fill(times);
  return usedValues(times, rows, firstRow).map((value, index) => {
    if (isInstant(value)) return value;
    throw badRow(
      times,
      firstRow + index,
      value === null ? 'is null; every label needs one' : 'is not in years 0001..9999',
    );
  });
}

/** A column's values in the type that is declared for its use; `firstRow` numbers them for messages. */
export function usedValues(use: SpineUse, rows: Pick<SpineRows, 'values'>, firstRow: number): Value[] {
  return rows.values(use.column).map((value, index) => {
    if (value === null) return null;
    try {
      return use.convert(value);
    } catch (error) {
      if (error instanceof RangeError) throw badRow(use, firstRow + index, error.message);
      throw error;
    }
  });
}

const badRow = ({ column, purpose }: SpineUse, row: number, problem: string): TidemarkError =>
  new TidemarkError(
    'trainingSet.badSpine',
    `column ${column} of the spine, ${purpose}, ${problem} in row ${row} (the first is row 0)`,
    { details: { column, row } },
  );

async function checkUnchanged({ objects }: PartPorts, { spine }: StagingPlan): Promise<void> {
  const now = await objects.head(spine.key);
  if (now?.etag === spine.etag) return;
  throw new TidemarkError(
    'trainingSet.spineChanged',
    `the spine ${objects.uri(spine.key)} was replaced while it was read; run again`,
    { kind: 'conflict' },
  );
}
