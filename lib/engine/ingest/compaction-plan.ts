import * as z from 'zod/mini';
import { objectKeys } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';

/** Rows that a part of the compacted log holds at most; one input of more rows is a part of its own. */
export const maximumPartRows = 200_000;
/** Values of a part, whose columns are in memory at once: about 100 bytes each at worst. */
const maximumPartValues = 3_000_000;
/** Bytes of the files that make up a part. */
const maximumPartBytes = 64 * 1024 * 1024;

/** A file to be compacted, as its footer and its listing tell. */
export interface CompactionInput {
  readonly key: string;
  readonly rows: number;
  readonly sizeBytes: number;
  /** Names and types of its columns, in their order. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

const partSchema = z.strictObject({ key: z.string(), rows: z.int(), inputs: z.array(z.string()) });
export type CompactionPart = z.infer<typeof partSchema>;

/** How a day of the event log is compacted: written once per generation, so that everybody who does it does the same. */
export const dayPlanSchema = z.strictObject({
  generation: z.int().check(z.positive()),
  /** Folder of the day's parts, to which its partition is moved. */
  folder: z.string(),
  parts: z.array(partSchema),
  /** Every archived file of the day whose rows are in the parts: of this generation and of those before. */
  covered: z.array(z.string()),
  /** When the partition was moved; null before. */
  movedAtMillis: z.nullable(z.int()),
});
export type DayPlan = z.infer<typeof dayPlanSchema>;

type Named = Pick<StreamSource, 'name'>;

/** All that compaction keeps of a day. */
export const compactedDayFolder = (source: Named, dt: string): string =>
  `${objectKeys.eventsCompacted(source)}dt=${dt}/`;
/** The plan lies beside the generations' folders, none of which holds it. */
export const dayPlanKey = (source: Named, dt: string): string => `${compactedDayFolder(source, dt)}plan.json`;
export const generationFolder = (source: Named, dt: string, generation: number): string =>
  `${compactedDayFolder(source, dt)}generation=${generation}/`;

const signature = ({ columns }: CompactionInput): string => JSON.stringify(columns);

/**
 * Parts in the folder that hold the rows of the inputs: files of equal columns, by key, in runs that fit in memory. Files without rows
 * are in no part.
 */
export function partsOf(folder: string, inputs: readonly CompactionInput[]): CompactionPart[] {
  const sorted = inputs
    .filter(({ rows }) => rows > 0)
    .map((input) => ({ input, signature: signature(input) }))
    .sort((a, b) => compare(a.signature, b.signature) || compare(a.input.key, b.input.key));
  const parts: { inputs: string[]; rows: number; bytes: number; signature: string }[] = [];
  for (const one of sorted) {
    const { rows, sizeBytes, key, columns } = one.input;
    const rowLimit = Math.min(maximumPartRows, Math.floor(maximumPartValues / columns.length));
    const open = parts.at(-1);
    const fits =
      open?.signature === one.signature && open.rows + rows <= rowLimit && open.bytes + sizeBytes <= maximumPartBytes;
    const part = fits ? open : { inputs: [], rows: 0, bytes: 0, signature: one.signature };
    if (part !== open) parts.push(part);
    part.inputs.push(key);
    part.rows += rows;
    part.bytes += sizeBytes;
  }
  return parts.map(({ inputs: keys, rows }, number) => ({
    key: `${folder}part-${String(number).padStart(5, '0')}.parquet`,
    rows,
    inputs: keys,
  }));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
