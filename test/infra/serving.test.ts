import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { servingTemplate } from './serving-template.ts';
import { actionsOf, statementsOf } from './templates.ts';

const template = servingTemplate();

/** `METHOD /path -> logical id of the function` of every route. */
function routes(): string[] {
  const resources = template.findResources('AWS::ApiGateway::Resource');
  const pathOf = (id: string | undefined): string => {
    const resource = id === undefined ? undefined : resources[id];
    return resource ? `${pathOf(resource.Properties.ParentId.Ref)}/${resource.Properties.PathPart}` : '';
  };
  return Object.values(template.findResources('AWS::ApiGateway::Method'))
    .map(({ Properties: { HttpMethod, ResourceId, Integration } }) => {
      const [, handler] =
        /"(\w*(?:ServeFeatures|TrainingSetsApi|PushEvents|WriteFeatures))\w*"/.exec(JSON.stringify(Integration.Uri)) ??
        [];
      return `${HttpMethod} ${pathOf(ResourceId.Ref)} -> ${handler}`;
    })
    .sort();
}

describe('API', () => {
  it('has the routes of version 1 and those of Feast, each to the function that answers it', () => {
    expect(routes()).toEqual([
      'GET /health -> ServingServeFeatures',
      'GET /v1/feature-services/{name} -> ServingServeFeatures',
      'GET /v1/feature-views -> ServingServeFeatures',
      'GET /v1/feature-views/{name} -> ServingServeFeatures',
      'GET /v1/health -> ServingServeFeatures',
      'GET /v1/openapi.json -> ServingServeFeatures',
      'GET /v1/training-sets/{id} -> TrainingSetsApi',
      'POST /get-online-features -> ServingServeFeatures',
      'POST /materialize -> ServingWriteFeatures',
      'POST /materialize-incremental -> ServingWriteFeatures',
      'POST /push -> ServingWriteFeatures',
      'POST /v1/online-features -> ServingServeFeatures',
      'POST /v1/push/{source} -> ServingPushEvents',
      'POST /v1/training-sets -> TrainingSetsApi',
      'POST /write-to-online-store -> ServingWriteFeatures',
    ]);
  });

  it('validates the body of every POST but those that are answered in the form of Feast', () => {
    const posts = Object.entries(
      template.findResources('AWS::ApiGateway::Method', { Properties: { HttpMethod: 'POST' } }),
    );
    const ours = posts.filter(([id]) => id.includes('Apiv1'));
    expect(ours).toHaveLength(3);
    for (const [, { Properties }] of ours)
      expect(Properties).toMatchObject({
        RequestValidatorId: expect.anything(),
        RequestModels: { 'application/json': expect.anything() },
      });
    for (const [id, { Properties }] of posts)
      if (!id.includes('Apiv1')) expect(Properties).not.toHaveProperty('RequestValidatorId');
    template.hasResourceProperties('AWS::ApiGateway::RequestValidator', { ValidateRequestBody: true });
    template.hasResourceProperties('AWS::ApiGateway::Model', { Schema: Match.objectLike({ type: 'object' }) });
  });

  it('hands on msgpack and matrices as bytes, and everything else as text', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      BinaryMediaTypes: ['application/msgpack', 'application/x-npy'],
    });
  });

  it('logs accesses as JSON, traces, throttles, and never logs bodies', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'api',
      TracingEnabled: true,
      AccessLogSetting: {
        DestinationArn: Match.anyValue(),
        Format: Match.serializedJson(
          Match.objectLike({
            requestId: '$context.requestId',
            status: '$context.status',
            resourcePath: '$context.resourcePath',
          }),
        ),
      },
      MethodSettings: [
        Match.objectLike({
          DataTraceEnabled: false,
          MetricsEnabled: true,
          ThrottlingBurstLimit: 2000,
          ThrottlingRateLimit: 1000,
        }),
      ],
    });
  });

  it.each([
    ['BAD_REQUEST_BODY', '400'],
    ['MISSING_AUTHENTICATION_TOKEN', '404'],
  ])('answers %s as a problem with status %s', (ResponseType, StatusCode) => {
    template.hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType,
      StatusCode,
      ResponseParameters: { 'gatewayresponse.header.content-type': "'application/problem+json'" },
    });
  });

  it('answers problems that are JSON once API Gateway has put its own values in', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::ApiGateway::GatewayResponse'))) {
      const text: string = Properties.ResponseTemplates['application/json'];
      // messageString comes with its quotes; requestId is a bare word.
      const filled = text
        .replaceAll('$context.error.messageString', '"Forbidden"')
        .replaceAll('$context.requestId', 'r-1');
      expect(JSON.parse(filled)).toMatchObject({
        title: expect.any(String),
        requestId: 'r-1',
        detail: expect.any(String),
      });
    }
  });
});

describe('role of the serving function', () => {
  it('may read rows by key, the token, its log and traces, and nothing else', () => {
    expect(actionsOf(template, 'ServeFeatures')).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:Query',
      'kms:Decrypt',
      'kms:DescribeKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('may use the key only through DynamoDB and Secrets Manager', () => {
    const keyStatements = statementsOf(template, 'ServeFeatures').filter(({ Action }) =>
      Action.includes('kms:Decrypt'),
    );
    const services = keyStatements.map(({ Condition }) => JSON.stringify(Condition));
    expect(services).toHaveLength(2);
    expect(services[0]).toContain('"dynamodb.');
    expect(services[1]).toContain('"secretsmanager.');
  });

  it.each(['ServeFeatures', 'PushEvents', 'WriteFeatures'])(
    '%s reads of the jobs table the API tokens and nothing else',
    (name) => {
      const jobs = statementsOf(template, name).filter(({ Resource }) =>
        JSON.stringify(Resource).includes('JobsTable'),
      );
      expect(jobs).toMatchObject([
        {
          Action: ['dynamodb:GetItem'],
          Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['record#api-token'] } },
        },
      ]);
    },
  );

  it('may act on all resources for traces only', () => {
    const onAll = statementsOf(template, 'ServeFeatures').filter(({ Resource }) => Resource.includes('*'));
    expect(onAll.map(({ Action }) => Action)).toEqual([['xray:PutTelemetryRecords', 'xray:PutTraceSegments']]);
  });
});
