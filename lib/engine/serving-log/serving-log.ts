import type { ServingLogRule } from '#spec/serving-log.ts';
import { type EventStream, maximumRecordBytes, type NewRecord } from '#store/event-stream.ts';
import { type Answered, logRecords } from './log-rows.ts';
import { isSampled } from './sample.ts';

/** Rows of answers that are in the stream, and that are not and never will be. */
export interface LogCounts {
  readonly logged: number;
  readonly dropped: number;
}

export interface ServingLogOptions {
  readonly rule: ServingLogRule;
  readonly stream: Pick<EventStream, 'put'>;
  /** Id of this instance, unlike any other's. */
  readonly writer: string;
  /** Told what became of some rows, once it is known. */
  readonly report: (counts: LogCounts) => void;
  /** Values that may wait or be on their way at one time; rows beyond are dropped. @default 200000, a few tens of megabytes */
  readonly maximumValues?: number;
}

/** Takes an answer that has been given. Returns at once and never throws, whatever becomes of the log. */
export type ServingLog = (answered: Answered) => void;

/**
 * The log of what is served. An answer is kept as it is and written down once the event loop is free of requests, so that it costs those
 * nothing; what a stream cannot take is dropped and counted. Rows are numbered before anything can be dropped: a gap tells of it.
 */
export function servingLog(options: ServingLogOptions): ServingLog {
  const { rule, stream, writer, report, maximumValues = 200_000 } = options;
  const waiting: { readonly answered: Answered; readonly first: number }[] = [];
  let [values, nextNumber] = [0, 0];
  let isSending = false;

  const send = async (): Promise<void> => {
    for (;;) {
      const batch = waiting.splice(0);
      if (batch.length === 0) break;
      const rows = batch.reduce((sum, { answered }) => sum + answered.served.rows.length, 0);
      const logged = await put(stream, () =>
        batch.flatMap(({ answered, first }) => logRecords(answered, writer, first)),
      ).catch(() => 0); // what has come through all the same is no gap in the log
      values -= batch.reduce((sum, { answered }) => sum + valuesOf(answered), 0);
      report({ logged, dropped: rows - logged });
    }
    isSending = false;
  };

  return (answered) => {
    const { requestId, asOfMillis, plan, served } = answered;
    if (!isSampled(rule, { service: plan.service, requestId, asOfMillis })) return;
    const first = nextNumber;
    nextNumber += served.rows.length;
    const own = valuesOf(answered);
    if (values + own > maximumValues) {
      report({ logged: 0, dropped: served.rows.length });
      return;
    }
    values += own;
    waiting.push({ answered, first });
    if (isSending) return;
    isSending = true;
    setImmediate(() => void send());
  };
}

const valuesOf = ({ plan, served }: Answered): number => served.rows.length * plan.names.length;

/** How many of the records are in the stream; of a row that is too large for it nobody else's suffer. */
async function put(stream: Pick<EventStream, 'put'>, records: () => readonly NewRecord[]): Promise<number> {
  const fitting = records().filter(({ data, partitionKey }) => data.length + partitionKey.length <= maximumRecordBytes);
  return (await stream.put(fitting)).filter(({ kind }) => kind === 'put').length;
}
