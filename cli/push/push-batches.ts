import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import type { Batch, EventLine, RefusedLine } from './read-batches.ts';

/** What became of an input. */
export interface PushReport {
  accepted: number;
  /** Lines that can never be accepted as they are. */
  rejected: number;
  /** Lines that the stream did not take in all tries. */
  failed: number;
  /** The first of the rejected and failed lines, in order. */
  readonly problems: (RefusedLine & { readonly status: 'rejected' | 'failed' })[];
  delivery: string | undefined;
}

/** Problems that are kept; all are counted. */
const keptProblems = 1000;

/** The members of the API's answer that are read here. */
const answerSchema = z.object({
  results: z.array(
    z.object({
      status: z.enum(['accepted', 'rejected', 'failed']),
      error: z.optional(z.object({ code: z.string(), message: z.string() })),
    }),
  ),
  delivery: z.string(),
});

export interface PushBatchesOptions {
  /** Sends a body to the API; throws its errors. */
  readonly send: (body: string) => Promise<unknown>;
  readonly onBatch?: (report: PushReport, batch: Batch) => void;
  /** Pauses between tries of events that the stream did not take. @default 0.5, 1, 2, 4 and 8 s */
  readonly pausesMillis?: readonly number[];
}

/**
 * Pushes batches one after the other, so that events keep their order. What the stream does not take is tried again; what was accepted never
 * is. Throws cli.pushStopped when the API cannot be reached or refuses a request, which says how far it came.
 */
export async function pushBatches(batches: AsyncIterable<Batch>, options: PushBatchesOptions): Promise<PushReport> {
  const report: PushReport = { accepted: 0, rejected: 0, failed: 0, problems: [], delivery: undefined };
  for await (const batch of batches) {
    const problems: PushReport['problems'] = batch.refused.map((refused) => ({ ...refused, status: 'rejected' }));
    try {
      problems.push(...(await pushEvents(batch.events, report, options)));
    } catch (cause) {
      throw stopped(cause, report, batch);
    }
    for (const problem of problems.sort((a, b) => a.line - b.line)) {
      report[problem.status]++;
      if (report.problems.length < keptProblems) report.problems.push(problem);
    }
    options.onBatch?.(report, batch);
  }
  return report;
}

async function pushEvents(
  events: readonly EventLine[],
  report: PushReport,
  { send, pausesMillis = [500, 1000, 2000, 4000, 8000] }: PushBatchesOptions,
): Promise<PushReport['problems']> {
  const problems: PushReport['problems'] = [];
  let waiting = events;
  for (const pause of [...pausesMillis, undefined]) {
    if (waiting.length === 0) break;
    const failed: PushReport['problems'] = [];
    for (const { line, status, error } of await pushOnce(waiting, report, send)) {
      if (status === 'accepted') report.accepted++;
      else {
        const problem = { line, status, code: error?.code ?? 'push.unknown', message: error?.message ?? '' };
        (status === 'failed' ? failed : problems).push(problem);
      }
    }
    const lines = new Set(failed.map(({ line }) => line));
    waiting = waiting.filter(({ line }) => lines.has(line));
    if (pause === undefined) problems.push(...failed);
    else if (waiting.length > 0) await wait(pause);
  }
  return problems;
}

type LineResult = z.infer<typeof answerSchema>['results'][number] & { readonly line: number };

/** One request; a 503 says that the stream took none of the events. */
async function pushOnce(
  events: readonly EventLine[],
  report: PushReport,
  send: (body: string) => Promise<unknown>,
): Promise<LineResult[]> {
  try {
    const answer = answerSchema.parse(await send(`{"events":[${events.map(({ text }) => text).join(',')}]}`));
    report.delivery = answer.delivery;
    return answer.results.map((result, index) => ({ ...result, line: events[index]?.line ?? 0 }));
  } catch (error) {
    if (!(error instanceof TidemarkError && error.code === 'push.streamUnavailable')) throw error;
    return events.map(({ line }) => ({
      line,
      status: 'failed',
      error: { code: error.code, message: 'the stream did not take it' },
    }));
  }
}

/** The first error stands as it is: nothing was pushed. Any later one is told with the line to go on from. */
function stopped(cause: unknown, report: PushReport, batch: Batch): unknown {
  const firstLine = Math.min(...batch.events.map(({ line }) => line));
  const isFirst = report.accepted + report.rejected + report.failed === 0;
  if (isFirst || !(cause instanceof Error)) return cause;
  return new TidemarkError(
    'cli.pushStopped',
    `stopped at line ${firstLine}: ${cause.message}; ${report.accepted} events were accepted before it: push the rest, from that line on`,
    {
      kind: cause instanceof TidemarkError ? cause.kind : 'failed',
      details: { line: firstLine, accepted: report.accepted, rejected: report.rejected, failed: report.failed },
      cause,
    },
  );
}
