import { type EventRow, eventFieldsReader } from '#codec/event-json.ts';
import { readFeastValue } from '#codec/feast-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntity } from '#spec/find.ts';
import type { EntityView, Manifest, RowSource, TableView } from '#spec/manifest.ts';
import { columnsRead } from '#sql/columns-read.ts';

/** Columns of a data frame as JSON (of parseWireJson), one value a row. */
export type Frame = Readonly<Record<string, readonly unknown[]>>;

/** Fields of a source's row, as its events have them. */
export type Fields = Readonly<Record<string, unknown>>;

/** Most rows of one frame: as many as the online store is given in one call. */
export const maximumFrameRows = 2000;

const refused = (message: string): TidemarkError => new TidemarkError('ingest.badFrame', message);

/**
 * The rows of a frame as fields of a source; `nameIn` tells the frame's name of a column. Columns that the source does not have are passed
 * over; those that a view reads must be there, for null is a value. Throws ingest.badFrame.
 */
export function frameFields(
  manifest: Manifest,
  source: RowSource,
  { frame, nameIn }: { readonly frame: Frame; readonly nameIn: (column: string) => string },
): readonly Fields[] {
  const rows = rowCount(frame);
  if (rows === 0) return [];
  const absent = columnsNeeded(manifest, source).filter((column) => !Object.hasOwn(frame, nameIn(column)));
  if (absent.length > 0)
    throw refused(
      `columns of source ${source.name} are missing: ${absent.map(nameIn).join(', ')}; send every column that its views read, null where there is no value`,
    );
  const columns = source.schema.flatMap(({ name, type }) => {
    const sentAs = nameIn(name);
    return Object.hasOwn(frame, sentAs) ? [{ name, sentAs, type, values: frame[sentAs] ?? [] }] : [];
  });
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      columns.map(({ name, sentAs, type, values }) => {
        if (type !== 'timestamp' && type !== 'list<timestamp>') return [name, values[row]];
        // Feast's seconds and times without zone become the milliseconds that every other reader takes.
        const reading = readFeastValue(type, values[row]);
        if ('problem' in reading) throw refused(`${sentAs} of row ${row} ${reading.problem}`);
        return [name, reading.value];
      }),
    ),
  );
}

function rowCount(frame: Frame): number {
  const lengths = new Set(Object.values(frame).map((values) => values.length));
  if (lengths.size > 1) throw refused('All arrays must be of the same length');
  const [rows = 0] = lengths;
  if (rows > maximumFrameRows)
    throw refused(`${rows} rows, at most ${maximumFrameRows} are taken; send fewer at a time`);
  return rows;
}

/** Columns that some view reads, the event time and what identifies an event, in the schema's order. */
function columnsNeeded(manifest: Manifest, source: RowSource): string[] {
  const needed = new Set([source.eventTime, source.kind === 'stream' ? source.eventId : undefined]);
  for (const view of viewsOf(manifest, source)) {
    for (const { name } of findEntity(manifest, view.entity).keys) needed.add(name);
    const read =
      view.kind === 'table' ? view.features.map(({ column }) => column) : columnsRead(view.features, source.schema);
    for (const name of read) needed.add(name);
  }
  return source.schema.map(({ name }) => name).filter((name) => needed.has(name));
}

/** The views that read a source. */
export const viewsOf = (manifest: Manifest, source: RowSource): readonly EntityView[] =>
  manifest.views.filter((view): view is EntityView => view.kind !== 'onDemand' && view.source === source.name);

/** Values of fields by column. Throws ingest.badFrame for a value of a wrong type, naming the row. */
export function rowsOfFields(source: RowSource, fields: readonly Fields[]): readonly EventRow[] {
  const read = eventFieldsReader(source);
  return fields.map((one, row) => {
    const reading = read(one);
    if (reading.kind === 'row') return reading.row;
    throw refused(`row ${row}: ${reading.detail}`);
  });
}

/**
 * Names of a source's columns in a frame of a table view's features, as Feast writes to a view: features by their own names, times as
 * `event_timestamp` and `created`, unless the frame has the source's names for them.
 */
export function viewColumnNames(view: TableView, source: RowSource, frame: Frame): (column: string) => string {
  const names = new Map(view.features.map(({ name, column }) => [column, name]));
  const times = [
    [source.eventTime, 'event_timestamp'],
    [source.createdTime, 'created'],
  ] as const;
  for (const [column, sentAs] of times)
    if (column !== undefined && !Object.hasOwn(frame, column)) names.set(column, sentAs);
  return (column) => names.get(column) ?? column;
}
