import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { FeaturePlan } from '#engine/feature-plan.ts';
import { readJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { maximumSpineParts } from '#spec/layout.ts';
import { splitNames } from './dataset-options.ts';
import { refuseEmpty } from './dataset-splits.ts';
import { type DealtRows, dealRows } from './deal-rows.ts';
import type { OpenedSpine } from './open-spine.ts';
import { blockRowsOf } from './part-rows.ts';
import { placedRows, splitCount } from './placed-rows.ts';
import type { TrainingSetPorts } from './ports.ts';
import { eventRange } from './spine-values.ts';
import { type Staged, type StagedPart, type StagingPlan, stagedSchema, workFiles } from './work-files.ts';

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
  const { request } = staging;
  const files = workFiles(request.id);
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
  const nextRows = isSame ? [...known.nextRows] : new Array<number>(splitCount(request)).fill(0);
  const blocks = placedRows(file, {
    request,
    plan,
    layout,
    asOfMillis: staging.asOfMillis,
    firstRow: Math.min(...nextRows),
    blockRows: blockRowsOf(file, { request, plan }),
  });
  let isComplete = true;
  for await (const rows of dealRows(blocks, { partRows: staging.partRows, nextRows })) {
    parts.push(await stagePart(ports, { staging, plan, rows, parts }));
    nextRows[rows.split] = rows.nextRow;
    if (ports.clock() >= untilMillis) {
      isComplete = false;
      break;
    }
  }
  if (isComplete) refuseEmpty(request, parts);
  await checkUnchanged(ports, staging);
  const staged: Staged = { ...identity, parts, nextRows, isComplete };
  if (isComplete) await ports.objects.put(files.items, JSON.stringify(parts.map(({ part }) => ({ part }))));
  await ports.objects.put(files.staged, JSON.stringify(staged));
  return staged;
}

interface PartToStage {
  readonly staging: StagingPlan;
  readonly plan: FeaturePlan;
  readonly rows: DealtRows;
  /** The parts before it. */
  readonly parts: readonly StagedPart[];
}

async function stagePart({ objects }: PartPorts, { staging, plan, rows, parts }: PartToStage): Promise<StagedPart> {
  const part = parts.length;
  if (part >= maximumSpineParts)
    throw new TidemarkError(
      'trainingSet.tooLong',
      `the spine has more than ${maximumSpineParts} parts of ${parts[0]?.rows} rows; ask for longer files, or split it into several training sets`,
    );
  const last = parts.at(-1);
  const firstRow = last ? last.firstRow + last.rows : 0;
  const files = workFiles(staging.request.id);
  await objects.put(files.spinePart(part), writeParquet(rows.columns));
  if (plan.reads.length > 0) {
    const rowIds = Array.from({ length: rows.count }, (_, index) => BigInt(firstRow + index));
    const join: TypedColumn[] = [
      { name: 'row_id', type: 'int64', values: rowIds },
      { name: 'event_time_ms', type: 'int64', values: rows.times.map(BigInt) },
      ...rows.keys,
    ];
    await objects.put(files.joinPart(part), writeParquet(join));
  }
  const name = splitNames(staging.request.split)[rows.split];
  const number = parts.filter(({ split }) => split?.name === name).length;
  return {
    part,
    firstRow,
    rows: rows.count,
    ...eventRange(rows.times),
    ...(name === undefined ? {} : { split: { name, number } }),
  };
}

async function checkUnchanged({ objects }: PartPorts, { spine }: StagingPlan): Promise<void> {
  const now = await objects.head(spine.key);
  if (now?.etag === spine.etag) return;
  throw new TidemarkError(
    'trainingSet.spineChanged',
    `the spine ${objects.uri(spine.key)} was replaced while it was read; run again`,
    { kind: 'conflict' },
  );
}
