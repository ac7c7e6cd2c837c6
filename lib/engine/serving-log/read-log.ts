import { openParquet, readColumns } from '#codec/parquet-read.ts';
import { dayMillis, utcDate } from '#semantics/time.ts';
import { compareTexts } from '#semantics/value.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { servingLogSource } from '#spec/serving-log.ts';
import type { Value } from '#spec/value-type.ts';
import type { Objects } from '#store/objects.ts';
import { dayFolder } from '../ingest/archive-file.ts';
import { objectSource } from '../object-source.ts';

/** A row of the log as it lies there; the JSON is read once its service is known. */
export interface LogRow {
  readonly writer: string;
  readonly number: number;
  readonly service: string;
  readonly version: number;
  readonly definitionHash: string;
  readonly requestId: string;
  readonly asOfMillis: number;
  readonly partial: boolean;
  /** JSON objects: see servingLogSource. */
  readonly entity: string;
  readonly request: string | null;
  readonly features: string;
  readonly statuses: string | null;
}

export interface LogRange {
  /** Instants of answers, epoch milliseconds: from inclusive, to exclusive. */
  readonly fromMillis: number;
  readonly toMillis: number;
  /** By `name` or `name@version`; absent: all. */
  readonly services?: readonly string[] | undefined;
  /** At most so many rows, chosen by hash: the same ones each time. */
  readonly limit: number;
}

export interface LogReading {
  readonly rows: readonly LogRow[];
  /** Rows of the range and its services, of which `rows` are chosen. */
  readonly found: number;
  /** Rows that a retry had put into the log a second time; they are left out. */
  readonly repeated: number;
  /** Rows of any service that instances have written between two others of the range and that are not in the log. */
  readonly lost: number;
}

/** A row may arrive after its answer by as much as a put may take, also when its function was frozen meanwhile. */
const longestDelayMillis = dayMillis;

/** Reads the log of a range of time. Memory: a number for each of its rows, and the rows of one file beside those that are chosen. */
export async function readServingLog(
  objects: Pick<Objects, 'list' | 'head' | 'getRange'>,
  range: LogRange,
): Promise<LogReading> {
  const writers = new Map<string, Set<number>>();
  const chosen = new Chosen(range.limit);
  let [found, repeated] = [0, 0];
  for await (const row of rowsOf(objects, range)) {
    const seen = writers.get(row.writer) ?? new Set();
    writers.set(row.writer, seen);
    if (seen.has(row.number)) repeated++;
    else if (isOf(row, range.services)) {
      found++;
      chosen.add(row);
    }
    seen.add(row.number);
  }
  let lost = 0;
  for (const seen of writers.values()) lost += missingIn(seen);
  return { rows: chosen.rows(), found, repeated, lost };
}

async function* rowsOf(objects: Pick<Objects, 'list' | 'head' | 'getRange'>, range: LogRange): AsyncIterable<LogRow> {
  for await (const key of logFiles(objects, range))
    for (const row of await rowsOfFile(objects, key))
      if (row.asOfMillis >= range.fromMillis && row.asOfMillis < range.toMillis) yield row;
}

/** Keys of all files that may hold answers of a range of instants; they hold others too. */
export async function* logFiles(
  objects: Pick<Objects, 'list'>,
  { fromMillis, toMillis }: Pick<LogRange, 'fromMillis' | 'toMillis'>,
): AsyncIterable<string> {
  const lastDay = utcDate(toMillis + longestDelayMillis);
  for (let day = fromMillis - servingLogSource.allowedSkewMillis; ; day += dayMillis) {
    const dt = utcDate(day);
    if (compareTexts(dt, lastDay) > 0) return;
    for await (const { key } of objects.list(dayFolder(servingLogSource, dt))) yield key;
  }
}

async function rowsOfFile(objects: Pick<Objects, 'head' | 'getRange'>, key: string): Promise<LogRow[]> {
  const file = await openParquet(await objectSource(objects, key));
  const columns = await readColumns(
    file,
    servingLogSource.schema.map(({ name, type }) => ({ name, as: type })),
  );
  return Array.from({ length: file.rowCount }, (_, at) => {
    const row = Object.fromEntries(
      servingLogSource.schema.map(({ name }, column): [string, Value] => [name, columns[column]?.[at] ?? null]),
    );
    const text = (name: string): string => String(row[name] ?? '');
    const textOrNull = (name: string): string | null => (row[name] === null ? null : text(name));
    return {
      writer: text('writer'),
      number: Number(row.number),
      service: text('service'),
      version: Number(row.version),
      definitionHash: text('definition_hash'),
      requestId: text('request_id'),
      asOfMillis: Number(row.as_of),
      partial: row.partial === true,
      entity: text('entity'),
      request: textOrNull('request'),
      features: text('features'),
      statuses: textOrNull('statuses'),
    };
  });
}

const isOf = ({ service, version }: LogRow, services: readonly string[] | undefined): boolean =>
  !services || services.includes(service) || services.includes(`${service}@${version}`);

/** Numbers between the least and the greatest that are not in the set. */
function missingIn(numbers: ReadonlySet<number>): number {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) [least, greatest] = [Math.min(least, number), Math.max(greatest, number)];
  return greatest - least + 1 - numbers.size;
}

/** The `limit` rows of the least hashes, in the order of their instants. */
class Chosen {
  readonly #limit: number;
  #ranked: { readonly row: LogRow; readonly rank: string }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(row: LogRow): void {
    this.#ranked.push({ row, rank: hashOf([row.writer, row.number]) });
    if (this.#ranked.length >= 2 * this.#limit + 1000) this.#cut();
  }

  rows(): LogRow[] {
    this.#cut();
    return this.#ranked.map(({ row }) => row).sort((a, b) => a.asOfMillis - b.asOfMillis || a.number - b.number);
  }

  #cut(): void {
    this.#ranked = this.#ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, this.#limit);
  }
}
