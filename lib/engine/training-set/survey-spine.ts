import { spineKeyColumn } from '#spec/layout.ts';
import type { Objects } from '#store/objects.ts';
import { type SplitName, splitNames } from './dataset-options.ts';
import { refuseEmpty } from './dataset-splits.ts';
import { dealRows, type PlacedRows } from './deal-rows.ts';
import { type InspectedSpine, inspectSpine } from './open-spine.ts';
import { blockRowsOf, partRowsOf } from './part-rows.ts';
import { emptySpine, placedRows, splitCount } from './placed-rows.ts';
import { spineLayout } from './spine-layout.ts';
import { type EventRange, eventRange } from './spine-values.ts';

/** Rows of a part as staging will cut them, and its split where there are any. */
export interface SurveyedPart extends EventRange {
  readonly rows: number;
  readonly split?: { readonly name: SplitName };
}

export interface SpineSurvey {
  /** Of the dataset; a sample has fewer than the spine. */
  readonly rows: number;
  readonly spineRows: number;
  readonly parts: readonly SurveyedPart[];
  /** Rows with a value of every key, by entity: the others match nothing. */
  readonly keyedRows: Readonly<Record<string, number>>;
}

export interface SurveyOptions {
  /** @default 100000 */
  readonly maximumPartRows?: number;
  /** The one instant of all rows, where they have no times of their own. */
  readonly asOfMillis?: number | undefined;
}

/**
 * Reads a spine once, as staging does, and writes nothing: its rows and times by part, with every check that staging makes. Memory is
 * bounded by a part. Throws trainingSet.badSpine, badCsv, emptySpine, codec.notParquet.
 */
export async function surveySpine(
  objects: Pick<Objects, 'getRange' | 'head'>,
  spine: InspectedSpine,
  { maximumPartRows, asOfMillis }: SurveyOptions = {},
): Promise<SpineSurvey> {
  if (spine.object.sizeBytes === 0) throw emptySpine();
  const { plan } = spine;
  const { file } = await inspectSpine(objects, spine);
  const layout = spineLayout(file.columns, plan, spine.request);
  const parts: SurveyedPart[] = [];
  const keyedRows: Record<string, number> = Object.fromEntries(plan.entities.map(({ name }) => [name, 0]));
  let [rows, spineRows] = [0, 0];
  const { request } = spine;
  const names = splitNames(request.split);
  const blocks = placedRows(file, {
    request,
    plan,
    layout,
    asOfMillis,
    firstRow: 0,
    blockRows: blockRowsOf(file, { request, plan }),
  });
  const counted = async function* (): AsyncGenerator<PlacedRows> {
    for await (const block of blocks) {
      spineRows += block.count;
      yield { ...block, columns: [] };
    }
  };
  const partRows = partRowsOf(file, { request, plan, maximumPartRows });
  const nextRows = new Array<number>(splitCount(request)).fill(0);
  for await (const part of dealRows(counted(), { partRows, nextRows })) {
    const values = new Map(part.keys.map((column) => [column.name, column.values]));
    for (const { name, keys } of plan.entities) {
      const columns = keys.map((key) => values.get(spineKeyColumn(name, key.name)) ?? []);
      for (let row = 0; row < part.count; row++)
        if (columns.every((column) => (column[row] ?? null) !== null)) keyedRows[name] = (keyedRows[name] ?? 0) + 1;
    }
    const split = names[part.split];
    parts.push({
      rows: part.count,
      ...eventRange(part.times),
      ...(split === undefined ? {} : { split: { name: split } }),
    });
    rows += part.count;
  }
  refuseEmpty(request, parts);
  return { rows, spineRows, parts, keyedRows };
}
