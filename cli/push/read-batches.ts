/** A line of the input that is to be pushed. */
export interface EventLine {
  /** From 1. */
  readonly line: number;
  /** JSON object, as it stands: every digit of a number is kept. */
  readonly text: string;
}

/** A line that cannot be pushed. */
export interface RefusedLine {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** Lines that go into one request, and those between them that cannot. */
export interface Batch {
  readonly events: readonly EventLine[];
  readonly refused: readonly RefusedLine[];
  /** Bytes of input up to the end of the batch. */
  readonly bytesRead: number;
}

/** What the API takes of events at once. */
const batchEvents = 500;
/** Far below the API's limit: a request is written as JSON once more on its way into a function, which doubles every quote. */
const batchBytes = 2 * 1024 * 1024;
/** A record of the stream has no more; what is longer is not sent at all. */
const lineBytes = 1024 * 1024;

/** Batches of a JSONL text that comes in pieces, in order, as soon as each is full; memory holds one. Empty lines are passed over. */
export async function* readBatches(lines: AsyncIterable<string>): AsyncGenerator<Batch> {
  let batch: { events: EventLine[]; refused: RefusedLine[] } = { events: [], refused: [] };
  let [line, bytes, bytesRead] = [0, 0, 0];
  for await (const given of lines) {
    line++;
    const text = line === 1 ? given.replace(/^\ufeff/, '') : given; // what Windows' editors put first
    const size = Buffer.byteLength(text) + 1;
    const isFull = batch.events.length === batchEvents || bytes + size > batchBytes;
    if (isFull && batch.events.length > 0) {
      yield { ...batch, bytesRead };
      [batch, bytes] = [{ events: [], refused: [] }, 0];
    }
    bytesRead += size;
    if (text.trim() === '') continue;
    const problem = problemOf(text);
    if (problem) batch.refused.push({ line, ...problem });
    else {
      batch.events.push({ line, text });
      bytes += size;
    }
  }
  if (batch.events.length + batch.refused.length > 0) yield { ...batch, bytesRead };
}

function problemOf(text: string): { readonly code: string; readonly message: string } | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > lineBytes)
    return { code: 'push.eventTooLarge', message: `has ${bytes} bytes; an event has at most ${lineBytes}` };
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return undefined;
    return { code: 'push.notObject', message: `must be a JSON object, got ${text.trim().slice(0, 40)}` };
  } catch (error) {
    return { code: 'push.notJson', message: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
