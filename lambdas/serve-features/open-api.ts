import * as z from 'zod/mini';
import { adminGrants } from '#engine/access/grants.ts';
import { type Seen, seenBy } from '#engine/access/seen.ts';
import { type FeaturePlan, planFeatures } from '#engine/feature-plan.ts';
import { problemSchema } from '#lambdas/http/problem.ts';
import { deadlineHeader } from '#lambdas/http/request-headers.ts';
import { pushRequestSchema, pushResponseSchema } from '#lambdas/push-events/event.ts';
import { trainingSetAnswerSchema, trainingSetBodySchema } from '#lambdas/training-sets-api/event.ts';
import { viewId } from '#spec/find.ts';
import { answerMediaTypes } from '#spec/layout.ts';
import type { FeatureService, Manifest, StreamSource } from '#spec/manifest.ts';
import {
  type ColumnType,
  decimalParts,
  elementType,
  type FeatureType,
  isListType,
  type ScalarType,
} from '#spec/value-type.ts';
import { onlineFeaturesRequestSchema, onlineFeaturesResponseSchema } from './event.ts';
import { feastPaths, feastSchemas } from './feast/open-api.ts';
import { answer, ref, schemaOf } from './open-api-parts.ts';

/** The OpenAPI 3.1 description of the deployed API: schemas of the handlers themselves, and an example per feature service that the caller may know of. */
export function openApiDocument(manifest: Manifest, seen: Seen = seenBy(manifest, adminGrants)) {
  const { views, services, streams } = seen;
  return {
    openapi: '3.1.0',
    info: {
      title: `Tidemark: features of ${manifest.project}`,
      version: manifest.hash.slice(0, 12),
      description:
        'Serves the feature values that models were trained on. Bodies are JSON, answers with values on request MessagePack or a NumPy matrix; errors are RFC 9457 problems.',
    },
    // relative to where this document is, /v1/openapi.json: whatever host and stage prefix the API has
    servers: [{ url: '..' }],
    security: [{ bearer: [] }],
    paths: {
      '/v1/online-features': { post: onlineFeatures(manifest, services) },
      ...(streams.length > 0 ? { '/v1/push/{source}': { post: pushEvents(streams) } } : {}),
      '/v1/training-sets': { post: createTrainingSet },
      '/v1/training-sets/{id}': {
        get: {
          operationId: 'getTrainingSet',
          summary: 'How far a training set is, and its dataset once that is complete',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          responses: { 200: answer('As far as it is', 'TrainingSet'), ...problems(401, 404, 500, 503) },
        },
      },
      '/v1/feature-views': { get: catalog('listFeatureViews', 'All feature views') },
      '/v1/feature-views/{name}': {
        get: catalog('getFeatureView', 'One feature view as it is declared', {
          description: 'name[@version]',
          values: views.flatMap((view) => [view.name, viewId(view)]),
        }),
      },
      '/v1/feature-services/{name}': {
        get: catalog('getFeatureService', 'The features of a service, in the order of its values, and what it needs', {
          description: 'name[@version]',
          values: services.flatMap((service) => [service.name, viewId(service)]),
        }),
      },
      '/v1/health': {
        get: {
          operationId: 'getHealth',
          summary: 'Whether the API answers; with deep, whether its store does',
          security: [],
          parameters: [{ name: 'deep', in: 'query', required: false, schema: { type: 'boolean' } }],
          responses: { 200: jsonObject('It does'), ...problems(503) },
        },
      },
      '/v1/openapi.json': { get: { ...catalog('getOpenApi', 'This document') } },
      ...feastPaths,
    },
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            "an API token (tdmk_...), a JWT of an issuer that the deployment takes, or the deployment's own token",
        },
      },
      parameters: {
        RequestId: {
          name: 'x-request-id',
          in: 'header',
          description:
            "the client's id of the request, up to 128 of A-Z a-z 0-9 _ . : -; comes back, and stands in our logs",
          schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,128}$' },
        },
        TraceParent: {
          name: 'traceparent',
          in: 'header',
          description: 'W3C Trace Context; comes back, and its trace id stands in our logs',
          schema: { type: 'string' },
        },
        Deadline: {
          name: deadlineHeader,
          in: 'header',
          description: 'whole milliseconds that the client waits; what cannot be read by then is partial',
          schema: { type: 'integer', minimum: 1, maximum: 60_000 },
        },
      },
      schemas: {
        OnlineFeaturesRequest: onlineFeaturesRequest(services),
        OnlineFeaturesResponse: schemaOf(onlineFeaturesResponseSchema),
        ...(streams.length > 0
          ? { PushRequest: schemaOf(pushRequestSchema), PushResponse: schemaOf(pushResponseSchema) }
          : {}),
        TrainingSetRequest: schemaOf(trainingSetBodySchema),
        TrainingSet: schemaOf(trainingSetAnswerSchema),
        Problem: schemaOf(problemSchema),
        ...feastSchemas,
      },
    },
  };
}

const header = (description: string) => ({ description, schema: { type: 'string' } });
const problem = { description: 'What went wrong', content: { 'application/problem+json': { schema: ref('Problem') } } };
const later = { 'Retry-After': header('seconds after which to try again') };
/** Problems whose description says more than their status, or that have headers. */
const particular: Readonly<Record<number, object>> = {
  401: { ...problem, description: 'No token, or not a valid one', headers: { 'WWW-Authenticate': header('Bearer') } },
  403: { ...problem, description: 'The caller has no role that allows it; the same for what there is not' },
  429: { ...problem, description: "The caller's limit is used up", headers: later },
  503: { ...problem, description: 'Not now: ours; try again', headers: later },
};
const problems = (...statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, particular[status] ?? problem]));
const jsonObject = (description: string) => ({
  description,
  content: { 'application/json': { schema: { type: 'object' } } },
});

const pushEvents = (sources: readonly StreamSource[]) => ({
  operationId: 'pushEvents',
  summary: 'Puts up to 500 events into the stream of a source; each has a result of its own',
  parameters: [
    {
      name: 'source',
      in: 'path',
      required: true,
      description: 'name of a stream source',
      schema: { type: 'string', enum: sources.map(({ name }) => name) },
    },
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: ref('PushRequest'),
        examples: Object.fromEntries(
          sources.map(({ name, description, schema }) => [
            name,
            {
              summary: description,
              value: {
                events: [Object.fromEntries(schema.map((column) => [column.name, columnExample(column.type)]))],
              },
            },
          ]),
        ),
      },
    },
  },
  responses: {
    200: answer('What became of each event; some may be rejected, or not in the stream yet', 'PushResponse'),
    ...problems(400, 401, 403, 404, 413, 429, 500, 503),
  },
});

const createTrainingSet = {
  operationId: 'createTrainingSet',
  summary: 'Starts a point-in-time correct training set over a spine file; ask for it by its id',
  requestBody: { required: true, content: { 'application/json': { schema: ref('TrainingSetRequest') } } },
  responses: { 202: answer('Started', 'TrainingSet'), ...problems(400, 401, 403, 404, 409, 413, 500, 503) },
};

/** The request's schema as its two forms, by service (the deployed ones are listed) or by features: it has exactly one of them. */
function onlineFeaturesRequest(seen: Seen['services']): Record<string, unknown> {
  const schema = schemaOf(onlineFeaturesRequestSchema);
  const { service, features, ...shared } = z
    .object({ properties: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(schema).properties;
  const services = [...new Set(seen.flatMap(({ name, version }) => [name, viewId({ name, version })]))];
  const form = (name: string, property: unknown) => ({
    ...schema,
    properties: { [name]: property, ...shared },
    required: [name, 'entities'],
  });
  return {
    oneOf: [
      form('service', { ...service, ...(services.length > 0 ? { enum: services } : {}) }),
      form('features', features),
    ],
  };
}

const onlineFeatures = (manifest: Manifest, services: Seen['services']) => ({
  operationId: 'getOnlineFeatures',
  summary: 'Feature values of up to 100 entities at one instant',
  parameters: ['RequestId', 'TraceParent', 'Deadline'].map((name) => ({ $ref: `#/components/parameters/${name}` })),
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: ref('OnlineFeaturesRequest'),
        examples: Object.fromEntries(services.map((service) => [viewId(service), serviceExample(manifest, service)])),
      },
    },
  },
  responses: {
    200: {
      description: 'Values of every entity; where there is none, its status says why',
      content: {
        'application/json': { schema: ref('OnlineFeaturesResponse') },
        // bytes, which OpenAPI 3.1 leaves without a schema
        [answerMediaTypes.msgpack]: {},
        [answerMediaTypes.npy]: {},
      },
    },
    ...problems(400, 401, 403, 404, 409, 413, 429, 500, 503),
  },
});

function serviceExample(manifest: Manifest, service: FeatureService) {
  const plan: FeaturePlan = planFeatures(manifest, { service: viewId(service) });
  const keys = plan.entities.flatMap((entity) => entity.keys);
  const membersOf = (fields: readonly { name: string; type: FeatureType }[]) =>
    Object.fromEntries(fields.map(({ name, type }) => [name, exampleOf(type)]));
  return {
    summary: service.description,
    value: {
      service: viewId(service),
      entities: [membersOf(keys)],
      ...(plan.requestFields.length > 0 ? { request: [membersOf(plan.requestFields)] } : {}),
    },
  };
}

const scalarExamples: { readonly [type in ScalarType]: unknown } = {
  int32: 7,
  int64: 1001,
  float32: 0.5,
  float64: 12.5,
  string: 'text',
  bool: true,
  timestamp: '2026-01-31T09:30:00.000Z',
  bytes: 'AAEC',
};
const exampleOf = (type: FeatureType): unknown =>
  isListType(type) ? [scalarExamples[elementType(type)]] : scalarExamples[type as ScalarType]; // not a list, so a scalar

const columnExample = (type: ColumnType): unknown => {
  const decimal = decimalParts(type);
  if (decimal) return decimal.scale === 0 ? '1' : `1.${'5'.padEnd(decimal.scale, '0')}`;
  return type === 'date' ? '2026-01-31' : exampleOf(type as FeatureType); // the other column types are feature types
};

/** Answers that change with deployments only. */
const metadata = {
  ...jsonObject('Found'),
  headers: { ETag: header('send it as If-None-Match, and be answered 304 while nothing has changed') },
};

/** A GET that answers a JSON object of the manifest. */
const catalog = (operationId: string, summary: string, name?: { description: string; values: readonly string[] }) => ({
  operationId,
  summary,
  ...(name
    ? {
        parameters: [
          {
            name: 'name',
            in: 'path',
            required: true,
            description: name.description,
            schema: { type: 'string', ...(name.values.length > 0 ? { examples: [...new Set(name.values)] } : {}) },
          },
        ],
      }
    : {}),
  responses: {
    200: metadata,
    304: { description: 'As it was under the ETag sent' },
    ...problems(...(name ? [401, 404] : [401])),
  },
});
