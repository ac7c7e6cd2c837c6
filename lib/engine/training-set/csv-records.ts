import { TidemarkError } from '#spec/errors.ts';

/** A cell: its text, or null where nothing stands between the commas (`""` is an empty text). */
export type CsvCell = string | null;
export type CsvRecord = readonly CsvCell[];

/** Records in file order; `endOffset` is the byte after the last of them: reading may go on from there. */
export interface CsvBlock {
  readonly records: readonly CsvRecord[];
  readonly endOffset: number;
}

const quote = 0x22;
const newline = 0x0a;
/** A record longer than this is refused: it is a quote that is never closed. */
const maximumRecordBytes = 64 * 1024 * 1024;

const refuse = (problem: string): TidemarkError =>
  new TidemarkError('trainingSet.badCsv', `the spine is not readable as CSV: ${problem}`);

/**
 * Splits CSV bytes (RFC 4180: commas, double quotes, LF or CRLF, UTF-8 with or without BOM) into records, a block per chunk or so.
 * `startOffset` is the byte at which `chunks` starts; it must be a record's first. Throws trainingSet.badCsv.
 */
export async function* csvBlocks(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  startOffset = 0,
): AsyncGenerator<CsvBlock> {
  let rest: Uint8Array = new Uint8Array();
  let offset = startOffset;
  for await (const chunk of chunks) {
    const bytes = joined(rest, chunk);
    const end = lastRecordEnd(bytes);
    if (end > 0) {
      yield { records: recordsOf(bytes.subarray(0, end), offset === 0), endOffset: offset + end };
      offset += end;
    }
    rest = bytes.subarray(end);
    if (rest.length > maximumRecordBytes)
      throw refuse(`a record has more than ${maximumRecordBytes} bytes; is a double quote not closed?`);
  }
  if (rest.length > 0) yield { records: recordsOf(rest, offset === 0), endOffset: offset + rest.length };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** The byte after the last newline that is outside of quotes; 0 when there is none. `bytes` starts with a record. */
function lastRecordEnd(bytes: Uint8Array): number {
  let isQuoted = false;
  let end = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === quote) isQuoted = !isQuoted;
    else if (byte === newline && !isQuoted) end = index + 1;
  }
  return end;
}

function recordsOf(bytes: Uint8Array, isStartOfFile: boolean): CsvRecord[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TidemarkError(
      'trainingSet.badCsv',
      'the spine is not readable as CSV: it is not UTF-8; save it as UTF-8',
      {
        cause,
      },
    );
  }
  return parseRecords(isStartOfFile && text.startsWith('\ufeff') ? text.slice(1) : text);
}

/** Records of whole lines of text. A line without any character is a record of one null cell. */
function parseRecords(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let position = 0;
  while (position < text.length) {
    const cells: CsvCell[] = [];
    for (;;) {
      const cell = text[position] === '"' ? quotedCell(text, position) : plainCell(text, position);
      cells.push(cell.value);
      position = cell.end;
      if (text[position] !== ',') break;
      position++;
    }
    if (text[position] === '\r') position++;
    position++; // the newline, or one beyond the end of the text
    records.push(cells);
  }
  return records;
}

interface ReadCell {
  readonly value: CsvCell;
  /** Position of the comma, CR or LF behind the cell, or the text's length. */
  readonly end: number;
}

function plainCell(text: string, start: number): ReadCell {
  let end = start;
  while (end < text.length) {
    const character = text[end];
    if (character === ',' || character === '\n') break;
    if (character === '\r' && (text[end + 1] === '\n' || end + 1 === text.length)) break;
    if (character === '"')
      throw refuse(`a double quote stands inside a cell that does not start with one, near ${near(text, start)}`);
    end++;
  }
  return { value: end === start ? null : text.slice(start, end), end };
}

function quotedCell(text: string, start: number): ReadCell {
  let value = '';
  let from = start + 1;
  for (;;) {
    const at = text.indexOf('"', from);
    if (at < 0) throw refuse(`a double quote is not closed, near ${near(text, start)}`);
    value += text.slice(from, at);
    if (text[at + 1] !== '"') {
      if (!/^(?:,|\r?\n|\r?$)/.test(text.slice(at + 1, at + 3)))
        throw refuse(`text follows a closing double quote, near ${near(text, start)}`);
      return { value, end: at + 1 };
    }
    value += '"';
    from = at + 2;
  }
}

const near = (text: string, start: number): string => JSON.stringify(text.slice(start, start + 30));
