import * as z from 'zod/mini';
import { type FeaturePlan, type FeatureSelection, planFeatures } from '#engine/feature-plan.ts';
import { isInstant } from '#semantics/time.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest } from '#spec/manifest.ts';
import { datasetFormats, fileRowsSchema, sampleSchema, splitSchema } from './dataset-options.ts';
import { checkPlacement } from './row-placement.ts';

/** As served (design default), the classic join on event times, or with created times of table rows. */
export const trainingSetModes = ['asServed', 'eventTime', 'knowledgeTime'] as const;
export type TrainingSetMode = (typeof trainingSetModes)[number];

/** Ids stand in S3 keys and as a partition of the staged spines. */
export const trainingSetIdPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const trainingSetIdSchema = z
  .string()
  .check(z.regex(trainingSetIdPattern, 'must match [a-z0-9][a-z0-9-]{0,62}'));

/**
 * Input of the training-set state machine. `spine` is a key of the deployment's bucket; exactly one of `service` (`name[@version]`) and
 * `features` (`view[@version]:feature`) is given. Without `eventTimeColumn` it is event_timestamp, else event_time. With `asOf` (epoch
 * milliseconds, or the instant at which the build begins) every row is evaluated at that one instant, as served, and needs no event time.
 */
export const trainingSetRequestSchema = z.strictObject({
  id: trainingSetIdSchema,
  spine: z.string().check(z.minLength(1)),
  service: z.optional(z.string()),
  features: z.optional(z.array(z.string())),
  mode: z._default(z.enum(trainingSetModes), 'asServed'),
  lagMillis: z._default(z.int().check(z.nonnegative()), 0),
  eventTimeColumn: z.optional(z.string().check(z.minLength(1))),
  /** A column of the dataset whose classes are counted. It changes no byte of the data, so requestIdOf leaves it out. */
  label: z.optional(z.string().check(z.minLength(1))),
  /** How the dataset is cut; without these it has all rows of the spine, in one folder of Parquet files. */
  split: z.optional(splitSchema),
  sample: z.optional(sampleSchema),
  fileRows: z.optional(fileRowsSchema),
  format: z.optional(z.enum(datasetFormats)),
  asOf: z.optional(z.union([z.literal('now'), z.int().check(z.refine(isInstant, 'must be in years 0001..9999'))])),
});
export type TrainingSetRequest = z.output<typeof trainingSetRequestSchema>;
/** As trainingSetRequestSchema, before defaults are filled in. */
export type TrainingSetInput = z.input<typeof trainingSetRequestSchema>;

/** Checks a request; throws trainingSet.badRequest that names every wrong member. */
export function parseTrainingSetRequest(input: unknown): TrainingSetRequest {
  const parsed = trainingSetRequestSchema.safeParse(input);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`);
    throw new TidemarkError('trainingSet.badRequest', `bad training-set request: ${faults.join('; ')}`);
  }
  selectionOf(parsed.data);
  refuseOtherTimes(parsed.data);
  return parsed.data;
}

/** Values at one instant are those that were served then: nothing else says when a row counts. */
function refuseOtherTimes({ asOf, mode, lagMillis, eventTimeColumn, split }: TrainingSetRequest): void {
  if (asOf === undefined) return;
  const others = [
    ...(split?.kind === 'time' ? ['a split by time'] : []),
    ...(eventTimeColumn === undefined ? [] : ['eventTimeColumn']),
    ...(lagMillis === 0 ? [] : ['lagMillis']),
    ...(mode === 'asServed' ? [] : [`mode ${mode}`]),
  ];
  if (others.length === 0) return;
  throw new TidemarkError(
    'trainingSet.badRequest',
    `asOf evaluates every row at one instant as served, and does not go with ${others.join(' and ')}; leave one out`,
  );
}

/** The selection of a request; throws trainingSet.badRequest unless exactly one of service and features is given. */
export function selectionOf(request: Pick<TrainingSetRequest, 'service' | 'features'>): FeatureSelection {
  const { service, features } = request;
  if (service !== undefined && features === undefined) return { service };
  if (features !== undefined && service === undefined) return { features };
  throw new TidemarkError(
    'trainingSet.badRequest',
    `name a service or a list of features, got ${service === undefined ? 'neither' : 'both'}`,
  );
}

/** Throws the errors of planFeatures, and trainingSet.badSplit. */
export function planOfRequest(manifest: Manifest, request: TrainingSetRequest): FeaturePlan {
  const plan = planFeatures(manifest, selectionOf(request));
  checkPlacement({ ...request, entities: plan.entities });
  return plan;
}

/** Equal for requests that ask for the same: a dataset is built once per id, and an id stands for one request. */
export const requestHash = (request: TrainingSetRequest): string => hashOf(request);

/** A new id that sorts by time: `ts-20261122-061854-1f3a9c`, of an export `ex-...`. `randomHex` is 6 hex digits. */
export function newTrainingSetId(nowMillis: number, randomHex: string, prefix: 'ts' | 'ex' = 'ts'): string {
  const [date = '', time = ''] = new Date(nowMillis).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').split('T');
  return `${prefix}-${date}-${time}-${randomHex}`;
}
