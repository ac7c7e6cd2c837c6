import type { Objects } from '#store/objects.ts';
import { boundedRows, type InspectedSpine, inspectSpine } from './open-spine.ts';
import { spineLayout, usesOf } from './spine-layout.ts';
import { emptySpine, rowInstants, usedValues } from './stage-parts.ts';

/** Consecutive rows of a spine as staging will cut them; least and greatest event time, inclusive. */
export interface SurveyedPart {
  readonly rows: number;
  readonly minEventMillis: number;
  readonly maxEventMillis: number;
}

export interface SpineSurvey {
  readonly rows: number;
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
  { maximumPartRows = 100_000, asOfMillis }: SurveyOptions = {},
): Promise<SpineSurvey> {
  if (spine.object.sizeBytes === 0) throw emptySpine();
  const { plan } = spine;
  const { file } = await inspectSpine(objects, spine);
  const layout = spineLayout(file.columns, plan, spine.request);
  const read = [...new Set(usesOf(layout).map(({ column }) => column))];
  const parts: SurveyedPart[] = [];
  const keyedRows: Record<string, number> = Object.fromEntries(plan.entities.map(({ name }) => [name, 0]));
  let rows = 0;
  const partRows = Math.min(maximumPartRows, boundedRows(file, plan));
  for await (const part of file.parts({ firstRow: 0, partRows, read })) {
    let [minEventMillis, maxEventMillis] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const millis of rowInstants(layout.eventTime ?? asOfMillis, part, rows)) {
      minEventMillis = Math.min(minEventMillis, millis);
      maxEventMillis = Math.max(maxEventMillis, millis);
    }
    const values = new Map(
      [...layout.keys, ...layout.requestFields].map((use) => [use.column, usedValues(use, part, rows)]),
    );
    for (const { name, keys } of plan.entities) {
      const columns = keys.map((key) => values.get(key.name) ?? []);
      for (let row = 0; row < part.count; row++)
        if (columns.every((column) => (column[row] ?? null) !== null)) keyedRows[name] = (keyedRows[name] ?? 0) + 1;
    }
    parts.push({ rows: part.count, minEventMillis, maxEventMillis });
    rows += part.count;
  }
  if (rows === 0) throw emptySpine();
  return { rows, parts, keyedRows };
}
