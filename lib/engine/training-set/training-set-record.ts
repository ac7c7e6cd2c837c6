import * as z from 'zod/mini';
import type { Records } from '#store/records.ts';
import { type TrainingSetRequest, trainingSetRequestSchema } from './request.ts';

/** `queued`: asked for over HTTP, its first step has not begun. `deleted`: it was complete, and is gone. */
export const trainingSetStates = ['queued', 'running', 'succeeded', 'failed', 'deleted'] as const;
/** `building` covers the join and the map that finishes parts. */
export const trainingSetSteps = ['staging', 'building', 'complete'] as const;
const count = z.int().check(z.nonnegative());

/** The durable record of a training set; the dataset's manifest, once there, is what counts. Instants are epoch milliseconds. */
export const trainingSetRecordSchema = z.strictObject({
  id: z.string(),
  state: z.enum(trainingSetStates),
  step: z.enum(trainingSetSteps),
  execution: z.optional(z.string()),
  request: trainingSetRequestSchema,
  startedAtMillis: z.int(),
  finishedAtMillis: z.optional(z.int()),
  rows: z.optional(count),
  parts: z.optional(count),
  bytesScanned: z.optional(count),
  costEstimate: z.optional(z.number()),
  /** Why it failed, as a sentence; `code` is `room.problem` where it is an error of Tidemark. */
  error: z.optional(z.strictObject({ code: z.string(), message: z.string() })),
});
export type TrainingSetRecord = z.infer<typeof trainingSetRecordSchema>;

const group = 'training-set';

export const putTrainingSetRecord = (records: Pick<Records, 'put'>, record: TrainingSetRecord): Promise<void> =>
  records.put({ group, sort: record.id, body: record });

export async function getTrainingSetRecord(
  records: Pick<Records, 'get'>,
  id: string,
): Promise<TrainingSetRecord | undefined> {
  const found = await records.get(group, id);
  return found && z.parse(trainingSetRecordSchema, found.body);
}

/** Records are read up to this many, newest id first. */
const maximumRecords = 10_000;

export const listTrainingSetRecords = async (records: Pick<Records, 'list'>): Promise<TrainingSetRecord[]> =>
  (await records.list(group, maximumRecords)).map(({ body }) => z.parse(trainingSetRecordSchema, body));

/** Changes members of the record; without one, makes it from the request. */
export async function updateTrainingSetRecord(
  records: Pick<Records, 'get' | 'put'>,
  request: TrainingSetRequest,
  change: Partial<TrainingSetRecord> & { readonly nowMillis: number },
): Promise<TrainingSetRecord> {
  const { nowMillis, ...members } = change;
  const present = await getTrainingSetRecord(records, request.id);
  const start = { id: request.id, state: 'running', step: 'staging', startedAtMillis: nowMillis } as const;
  const record: TrainingSetRecord = { ...start, ...present, request, ...members };
  await putTrainingSetRecord(records, record);
  return record;
}
