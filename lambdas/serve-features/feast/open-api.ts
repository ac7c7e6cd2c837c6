import { feastDetailSchema, feastErrorSchema } from '#lambdas/feast/error-schemas.ts';
import {
  acceptedSchema,
  incrementalBodySchema,
  materializeBodySchema,
  pushBodySchema,
  writeBodySchema,
} from '#lambdas/write-features/event.ts';
import { answer, ref, requestBody, schemaOf } from '../open-api-parts.ts';
import { feastRequestSchema, feastResponseSchema } from './event.ts';

const error = {
  description: 'What went wrong, as Feast tells it',
  content: { 'application/json': { schema: { oneOf: [ref('FeastError'), ref('FeastDetail')] } } },
};
const errors = (...statuses: readonly number[]) => Object.fromEntries(statuses.map((status) => [status, error]));

const nullBody = { description: 'Done', content: { 'application/json': { schema: { type: 'null' } } } };
const flag = (name: string, description: string) => ({
  name,
  in: 'query',
  required: false,
  description,
  schema: { type: 'boolean' },
});

/** A route that starts runs. */
const runs = (operationId: string, summary: string, schema: string) => ({
  operationId,
  summary,
  parameters: [flag('async', 'answers at once'), flag('force', 'has no effect: runs of one view wait for each other')],
  requestBody: requestBody(schema),
  responses: {
    200: nullBody,
    202: answer('Runs go on', 'FeastAccepted'),
    ...errors(401, 403, 404, 413, 422, 429, 500, 503),
  },
});

/** The routes that Feast's own server has, in its form. */
export const feastPaths = {
  '/get-online-features': {
    post: {
      operationId: 'getOnlineFeaturesOfFeast',
      summary: "Feature values in the form of Feast's feature server",
      requestBody: requestBody('FeastRequest'),
      responses: {
        200: answer('Columns of values', 'FeastResponse'),
        ...errors(401, 403, 404, 413, 422, 429, 500, 503),
      },
    },
  },
  '/push': {
    post: {
      operationId: 'pushToSourceOfFeast',
      summary: "Rows into a source, in the form of Feast's feature server",
      requestBody: requestBody('FeastPush'),
      responses: { 200: { description: 'Taken; the body is empty' }, ...errors(401, 403, 413, 422, 429, 500, 503) },
    },
  },
  '/write-to-online-store': {
    post: {
      operationId: 'writeToViewOfFeast',
      summary: "Rows of a table view, in the form of Feast's feature server",
      requestBody: requestBody('FeastWrite'),
      responses: { 200: nullBody, ...errors(401, 403, 404, 413, 422, 429, 500, 503) },
    },
  },
  '/materialize': {
    post: runs('materializeOfFeast', 'Runs the ticks of an interval, and what is new', 'FeastMaterialize'),
  },
  '/materialize-incremental': {
    post: runs('materializeIncrementalOfFeast', 'Runs what is missing up to an instant', 'FeastMaterializeIncremental'),
  },
  '/health': {
    get: {
      operationId: 'getHealthOfFeast',
      summary: 'Whether the API answers',
      security: [],
      responses: { 200: { description: 'It does; the body is empty' } },
    },
  },
};

/** What they refer to. */
export const feastSchemas = {
  FeastRequest: schemaOf(feastRequestSchema),
  FeastResponse: schemaOf(feastResponseSchema),
  FeastPush: schemaOf(pushBodySchema),
  FeastWrite: schemaOf(writeBodySchema),
  FeastMaterialize: schemaOf(materializeBodySchema),
  FeastMaterializeIncremental: schemaOf(incrementalBodySchema),
  FeastAccepted: schemaOf(acceptedSchema),
  FeastError: schemaOf(feastErrorSchema),
  FeastDetail: schemaOf(feastDetailSchema),
};
