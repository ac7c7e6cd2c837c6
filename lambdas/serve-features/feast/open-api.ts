import { feastDetailSchema, feastErrorSchema } from '#lambdas/feast/error-schemas.ts';
import { answer, ref, requestBody, schemaOf } from '../open-api-parts.ts';
import { feastRequestSchema, feastResponseSchema } from './event.ts';

const error = {
  description: 'What went wrong, as Feast tells it',
  content: { 'application/json': { schema: { oneOf: [ref('FeastError'), ref('FeastDetail')] } } },
};
const errors = (...statuses: readonly number[]) => Object.fromEntries(statuses.map((status) => [status, error]));

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
  FeastError: schemaOf(feastErrorSchema),
  FeastDetail: schemaOf(feastDetailSchema),
};
