import * as z from 'zod/mini';
import { featureStatuses } from '#spec/status.ts';

/** Most entities of one request. */
export const maximumEntities = 100;
const metadataKinds = ['status', 'eventTime', 'ageMillis', 'version', 'type'] as const;

const members = z.record(z.string(), z.unknown());

/** Body of POST /v1/online-features; which members entities and request items must have is told by the service's plan. */
export const onlineFeaturesRequestSchema = z.strictObject({
  service: z.optional(
    z.string().check(z.describe('name[@version] of a feature service; send either this or `features`')),
  ),
  features: z.optional(
    z.array(z.string()).check(z.minLength(1), z.maxLength(200), z.describe('refs: view[@version]:feature')),
  ),
  entities: z
    .array(members)
    .check(
      z.minLength(1),
      z.maxLength(maximumEntities),
      z.describe('the keys of one entity each; rows of the answer keep this order, and an entity may stand twice'),
    ),
  request: z.optional(
    z
      .array(members)
      .check(
        z.maxLength(maximumEntities),
        z.describe('fields of request sources: one item for all entities, or one for each'),
      ),
  ),
  metadata: z.optional(
    z.array(z.enum(metadataKinds)).check(z.describe('what the answer has besides values; absent: ["status"]')),
  ),
  int64: z.optional(
    z
      .enum(['number', 'string'])
      .check(z.describe('int64 as a number with all its digits (the default) or as a string')),
  ),
  consistency: z.optional(
    z
      .enum(['eventual', 'strong'])
      .check(
        z.describe(
          'strong: sees every write that had been acknowledged before the request, at twice the read cost; eventual (the default): may miss those of the last second or so',
        ),
      ),
  ),
  format: z.optional(
    z
      .enum(['rows', 'columns', 'vector'])
      .check(
        z.describe(
          'columns: a list of values for each feature; vector: rows have a vector of numbers in place of values, which needs numeric or bool features',
        ),
      ),
  ),
  onPartial: z.optional(
    z
      .enum(['values', 'fail'])
      .check(
        z.describe('where some key could not be read in time: values that could (the default), or 503 for the whole'),
      ),
  ),
  fill: z.optional(
    z.number().check(z.describe('only with format vector: stands for every null; without it nulls stay null')),
  ),
  dtype: z.optional(
    z
      .enum(['float64', 'float32'])
      .check(z.describe('only with accept application/x-npy: of the matrix; absent: float64')),
  ),
  vectorHash: z.optional(
    z
      .string()
      .check(
        z.regex(/^[0-9a-f]{64}$/),
        z.describe('what the model was trained on (of the training set, or of an answer); 409 where it is another'),
      ),
  ),
});
export type OnlineFeaturesRequest = z.infer<typeof onlineFeaturesRequestSchema>;

const wireScalar = z.union([z.number(), z.string(), z.boolean(), z.null()]);
const wireValue = z
  .union([wireScalar, z.array(wireScalar)])
  .check(z.describe('NaN and infinities as strings, timestamps ISO 8601 UTC with milliseconds, bytes as base64'));
const vectorElement = z
  .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']), z.null()])
  .check(z.describe('bool as 1 or 0, int64 with all its digits, NaN and infinities as strings'));

const names = z
  .array(z.string())
  .check(z.describe('result names; values, vector, status and eventTime stand in this order'));
const entity = z.record(z.string(), wireScalar);
const metadata = {
  status: z.optional(
    z
      .array(z.enum(featureStatuses))
      .check(z.describe('PRESENT covers a stored null; treat a status that you do not know as not present')),
  ),
  eventTime: z.optional(
    z
      .array(z.union([z.string(), z.null()]))
      .check(
        z.describe(
          'of the stored row that a value was read from; null for static, absent and computed ones and for windows of a stream, which are of the instant of the answer',
        ),
      ),
  ),
  ageMillis: z.optional(
    z
      .array(z.union([z.number(), z.null()]))
      .check(z.describe('from eventTime to the instant of the answer; null where eventTime is')),
  ),
};
const versions = z.optional(
  z.array(z.string()).check(z.describe('with metadata version: view@version of each of the names')),
);
const types = z.optional(
  z.array(z.string()).check(z.describe('with metadata type: type of each of the names, as float64 or list<string>')),
);
const meta = {
  asOf: z.string().check(z.describe('the one instant at which all rows were evaluated')),
  service: z.union([z.string(), z.null()]),
  version: z.union([z.int(), z.null()]),
  definitionHash: z.string().check(z.describe('of the service, or of the deployment where features were listed')),
  partial: z.boolean().check(z.describe('some key could not be read in time: its values are null with status ERROR')),
  requestId: z.string(),
};

/** Answer in format rows. */
export const valuesResponseSchema = z.strictObject({
  names,
  versions,
  types,
  rows: z.array(z.strictObject({ entity, values: z.array(wireValue), ...metadata })),
  meta: z.strictObject(meta),
});
export type ValuesResponse = z.infer<typeof valuesResponseSchema>;

const columns = <TItem extends z.core.$ZodType>(item: TItem) => z.array(z.array(item));
/** Answer in format columns. */
export const columnsResponseSchema = z.strictObject({
  names,
  versions,
  types,
  entities: z
    .record(z.string(), z.array(wireScalar))
    .check(z.describe('a list for each key; items of all lists stand in the order of the rows')),
  columns: columns(wireValue).check(z.describe('in the order of names')),
  status: z.optional(columns(z.enum(featureStatuses))),
  eventTime: z.optional(columns(z.union([z.string(), z.null()]))),
  ageMillis: z.optional(columns(z.union([z.number(), z.null()]))),
  meta: z.strictObject(meta),
});

/** Answer in format vector. */
export const vectorResponseSchema = z.strictObject({
  names,
  versions,
  types,
  rows: z.array(
    z.strictObject({
      entity,
      vector: z.array(vectorElement),
      filled: z.optional(
        z
          .array(z.int().check(z.minimum(0)))
          .check(
            z.describe('where a fill was sent: positions in the vector that hold it for a null, ascending from 0'),
          ),
      ),
      ...metadata,
    }),
  ),
  meta: z.strictObject({
    ...meta,
    vectorHash: z.string().check(z.describe('names, types, definitions and fill, hashed: what the vector means')),
    fill: z.optional(z.number().check(z.describe('the fill that was sent'))),
  }),
});
export type VectorResponse = z.infer<typeof vectorResponseSchema>;

/** Answer of POST /v1/online-features, of the format that was asked for. */
export const onlineFeaturesResponseSchema = z.union([
  valuesResponseSchema,
  columnsResponseSchema,
  vectorResponseSchema,
]);
