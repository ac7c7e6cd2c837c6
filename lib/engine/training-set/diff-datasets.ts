import { openParquet, type ParquetFile, readColumns } from '#codec/parquet-read.ts';
import { objectSource } from '#engine/object-source.ts';
import { isList } from '#semantics/value.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Value } from '#spec/value-type.ts';
import type { Objects } from '#store/objects.ts';
import type { DatasetManifest } from './dataset-manifest.ts';
import { refuseCsv } from './datasets.ts';

type DiffObjects = Pick<Objects, 'getRange' | 'head'>;

/** A value that differs. Row numbers count from 0, as in the spine. */
export interface DifferentValue {
  readonly row: number;
  readonly column: string;
  readonly first: Value;
  readonly second: Value;
}

export interface DatasetDiff {
  readonly rows: number;
  /** Features of only one of the datasets, in its column order. */
  readonly onlyInFirst: readonly string[];
  readonly onlyInSecond: readonly string[];
  /** Features of both, but of different types: their values are not compared. */
  readonly retyped: readonly string[];
  /** Features of which values differ, with the number of rows. */
  readonly changed: readonly { readonly column: string; readonly rows: number }[];
  /** The first values that differ, by column within pieces of at most 100,000 rows. */
  readonly examples: readonly DifferentValue[];
}

export interface DatasetsToCompare {
  readonly first: DatasetManifest;
  readonly second: DatasetManifest;
  readonly maximumExamples: number;
}

/**
 * What differs between two datasets of one spine, whose own columns are therefore equal. Files with equal hashes are not read, the others
 * a column of a file at a time. Values differ where any bit does, but NaN equals NaN. Throws trainingSet.otherSpine,
 * otherRows, notParquet.
 */
export async function diffDatasets(
  objects: DiffObjects,
  { first, second, maximumExamples }: DatasetsToCompare,
): Promise<DatasetDiff> {
  if (first.spine.sha256 !== second.spine.sha256 || first.rows !== second.rows)
    throw new TidemarkError(
      'trainingSet.otherSpine',
      `training sets ${first.id} and ${second.id} were built from different spines; only datasets of one spine can be compared row by row`,
    );
  for (const dataset of [first, second]) refuseCsv(dataset);
  if (rowsOf(first) !== rowsOf(second))
    throw new TidemarkError(
      'trainingSet.otherRows',
      `training sets ${first.id} and ${second.id} are sampled or split differently; only datasets with the same rows in the same order can be compared`,
    );
  const types = new Map(second.features.map(({ name, type }) => [name, type]));
  const names = new Set(first.features.map(({ name }) => name));
  const both = first.features.filter(({ name }) => types.has(name));
  const columns = both.filter(({ name, type }) => types.get(name) === type).map(({ name }) => name);
  const examples: DifferentValue[] = [];
  const counts = new Map(columns.map((column) => [column, 0]));
  for (const piece of pieces(first, second)) {
    const files = {
      first: await openFile(objects, first, piece.first),
      second: await openFile(objects, second, piece.second),
    };
    for (const column of columns)
      for await (const different of compareColumn(files, piece, column)) {
        counts.set(column, (counts.get(column) ?? 0) + 1);
        if (examples.length < maximumExamples) examples.push(different);
      }
  }
  return {
    rows: first.rows,
    onlyInFirst: first.features.filter(({ name }) => !types.has(name)).map(({ name }) => name),
    onlyInSecond: second.features.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    retyped: both.filter(({ name, type }) => types.get(name) !== type).map(({ name }) => name),
    changed: [...counts].flatMap(([column, rows]) => (rows > 0 ? [{ column, rows }] : [])),
    examples,
  };
}

/** Which rows of the spine a dataset has, and in what order. */
const rowsOf = ({ sample, split }: DatasetManifest): string => hashOf({ sample, split });

interface Cut {
  readonly file: string;
  /** First row of the piece within the file. */
  readonly rowStart: number;
}

/** Consecutive rows that lie in one file of either dataset. */
interface Piece {
  readonly firstRow: number;
  readonly rows: number;
  readonly first: Cut;
  readonly second: Cut;
}

/** Pieces of files that may differ; the datasets may be cut into files differently. */
function* pieces(first: DatasetManifest, second: DatasetManifest): Generator<Piece> {
  let [firstRow, i, j, startInFirst, startInSecond] = [0, 0, 0, 0, 0];
  for (;;) {
    const [a, b] = [first.files[i], second.files[j]];
    if (!(a && b)) return;
    const rows = Math.min(a.rows - startInFirst, b.rows - startInSecond);
    const isSame = a.sha256 === b.sha256 && startInFirst === startInSecond;
    if (!isSame)
      yield {
        firstRow,
        rows,
        first: { file: a.name, rowStart: startInFirst },
        second: { file: b.name, rowStart: startInSecond },
      };
    firstRow += rows;
    startInFirst += rows;
    startInSecond += rows;
    if (startInFirst === a.rows) [i, startInFirst] = [i + 1, 0];
    if (startInSecond === b.rows) [j, startInSecond] = [j + 1, 0];
  }
}

const openFile = async (objects: DiffObjects, { id }: DatasetManifest, { file }: Cut): Promise<ParquetFile> =>
  openParquet(await objectSource(objects, `${objectKeys.dataset(id)}${file}`));

async function* compareColumn(
  files: { readonly first: ParquetFile; readonly second: ParquetFile },
  { firstRow, rows, first, second }: Piece,
  column: string,
): AsyncGenerator<DifferentValue> {
  const read = async (file: ParquetFile, { rowStart }: Cut): Promise<Value[]> =>
    (await readColumns(file, [{ name: column }], { rowStart, rowEndExclusive: rowStart + rows }))[0] ?? [];
  const [before, after] = [await read(files.first, first), await read(files.second, second)];
  for (let row = 0; row < rows; row++) {
    const [a, b] = [before[row] ?? null, after[row] ?? null];
    if (!isSameValue(a, b)) yield { row: firstRow + row, column, first: a, second: b };
  }
}

function isSameValue(a: Value, b: Value): boolean {
  if (isList(a) && isList(b))
    return a.length === b.length && a.every((element, at) => isSameValue(element, b[at] ?? null));
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
  return Object.is(a, b);
}
