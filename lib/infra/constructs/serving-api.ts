import { RemovalPolicy, Size } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  type IResource,
  JsonSchemaType,
  LambdaIntegration,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  type Model,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { endpointOf } from '#infra/constructs/private-api.ts';
import { acknowledge } from '#infra/perms.ts';
import { answerMediaTypes } from '#spec/layout.ts';
import type { Throttle } from '#spec/serving-settings.ts';

export interface ServingApiProps {
  readonly project: string;
  readonly stage: Stage;
  /** Answers whatever has no function of its own here. */
  readonly serveFunction: IFunction;
  readonly trainingSetsFunction: IFunction;
  /** @default - no route to push events */
  readonly pushFunction?: IFunction | undefined;
  /** Answers Feast's routes that write. */
  readonly writeFunction: IFunction;
}

/**
 * Answers of this size and more are compressed for clients that accept gzip or deflate, by API Gateway: at no cost to the function, and
 * its limit of 6 MB is unchanged. Below, an answer is one or two packets either way; from here on it is a fifth of the bytes.
 */
const compressedBytes = 2048;

/** Name of the API's own deployment stage: paths begin with /v1 behind it. */
export const apiStageName = 'api';

/** A body that API Gateway fills in; `title` and `detail` are JSON text: a quoted string, or a variable that comes with its quotes. */
interface GatewayProblem {
  /** @default - API Gateway's own for the kind of response */
  readonly status?: number;
  readonly title: string;
  readonly code: string;
  readonly detail: string;
}

/** Where events and rows come in: the one, and Feast's. */
export const pushPath = '/v1/push';
export const feastPushPaths = ['/push', '/write-to-online-store'] as const;

/** What API Gateway does with the requests of a route; above the throttle it answers 429. */
const methodSettings = ({ perSecond, burst }: Throttle): MethodDeploymentOptions => ({
  throttlingRateLimit: perSecond,
  throttlingBurstLimit: burst,
  metricsEnabled: true,
  loggingLevel: MethodLoggingLevel.ERROR,
  dataTraceEnabled: false, // bodies hold entity keys and feature values
});

/** Routes with a throttle of their own. Their settings stand in place of the API's, so they repeat what is not about throttling. */
function routeSettings({ stage, pushFunction }: ServingApiProps): Record<string, MethodDeploymentOptions> {
  const { pushThrottle, jobThrottle } = stage.serving;
  const posts = (paths: readonly string[], throttle: Throttle | undefined): [string, MethodDeploymentOptions][] =>
    throttle ? paths.map((path) => [`${path}/POST`, methodSettings(throttle)]) : [];
  const pushed = [...feastPushPaths, ...(pushFunction ? [`${pushPath}/{source}`] : [])];
  const started = ['/materialize', '/materialize-incremental', '/v1/training-sets'];
  return Object.fromEntries([...posts(pushed, pushThrottle), ...posts(started, jobThrottle)]);
}

/** The REST API: routes of `/v1` and of Feast, JSON access logs without bodies, traces, throttling, problem+json for what never reaches a Lambda. */
export class ServingApi extends Construct {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, props: ServingApiProps) {
    super(scope, id);
    const removalPolicy = props.stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const accessLogs = new LogGroup(this, 'AccessLogs', { retention: props.stage.logRetentionDays, removalPolicy });
    this.api = new RestApi(this, 'Resource', {
      restApiName: `tidemark-${props.project}-${props.stage.name}`,
      description: `features of ${props.project}, stage ${props.stage.name}`,
      ...endpointOf(this, props.stage.serving.privateApi),
      binaryMediaTypes: Object.values(answerMediaTypes),
      minCompressionSize: Size.bytes(compressedBytes),
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN, // account-wide: other APIs log through it too
      deployOptions: {
        stageName: apiStageName,
        ...methodSettings(props.stage.serving.throttle),
        methodOptions: routeSettings(props),
        tracingEnabled: true,
        accessLogDestination: new LogGroupLogDestination(accessLogs),
        accessLogFormat: AccessLogFormat.jsonWithStandardFields({
          caller: false,
          user: false,
          ip: true,
          httpMethod: true,
          protocol: true,
          requestTime: true,
          resourcePath: true,
          responseLength: true,
          status: true,
        }),
      },
    });
    this.api.node.tryRemoveChild('Endpoint'); // the L2's own output; FeatureStore's ApiUrl says the same
    this.addRoutes(props);
    this.answerProblems();
    this.acknowledgeFindings();
  }

  /** Responses with a 5xx status. @default - sum over 5 minutes */
  metricServerErrors(options?: MetricOptions): Metric {
    return this.api.metricServerError({ statistic: 'sum', ...options });
  }

  private addRoutes({ serveFunction, trainingSetsFunction, pushFunction, writeFunction }: ServingApiProps): void {
    // One permission for all routes of a function instead of two for each.
    const serve = new LambdaIntegration(serveFunction, { scopePermissionToMethod: false });
    const trainingSets = new LambdaIntegration(trainingSetsFunction, { scopePermissionToMethod: false });
    const requestValidator = this.api.addRequestValidator('BodyValidator', { validateRequestBody: true });
    const withBody = { requestValidator, requestModels: { 'application/json': this.jsonObject() } };
    const at = (path: string): IResource => this.api.root.resourceForPath(path);

    at('/v1/online-features').addMethod('POST', serve, withBody);
    at('/v1/health').addMethod('GET', serve);
    at('/v1/feature-views').addMethod('GET', serve);
    at('/v1/feature-views/{name}').addMethod('GET', serve);
    at('/v1/feature-services/{name}').addMethod('GET', serve);
    at('/v1/openapi.json').addMethod('GET', serve);
    // As Feast's own server answers them: what is wrong with a body is told by the handler, in Feast's form.
    at('/get-online-features').addMethod('POST', serve);
    at('/health').addMethod('GET', serve);
    const write = new LambdaIntegration(writeFunction, { scopePermissionToMethod: false });
    for (const path of [...feastPushPaths, '/materialize', '/materialize-incremental'])
      at(path).addMethod('POST', write);
    at('/v1/training-sets').addMethod('POST', trainingSets, withBody);
    at('/v1/training-sets/{id}').addMethod('GET', trainingSets);
    if (!pushFunction) return;
    const push = new LambdaIntegration(pushFunction, { scopePermissionToMethod: false });
    at(`${pushPath}/{source}`).addMethod('POST', push, withBody);
  }

  /**
   * Any JSON object: what is not JSON stops here, at no cost. All else is the handler's, whose problem+json points at the member;
   * API Gateway's own message does not.
   */
  private jsonObject(): Model {
    return this.api.addModel('JsonObject', {
      modelName: 'JsonObject',
      contentType: 'application/json',
      schema: { type: JsonSchemaType.OBJECT },
    });
  }

  /** RFC 9457 bodies for answers that API Gateway gives by itself, in the shape of the handlers'. */
  private answerProblems(): void {
    const answer = (type: ResponseType, problem: GatewayProblem): void => {
      const members = [
        `"type":"urn:tidemark:problem:${problem.code}"`,
        `"title":${problem.title}`,
        ...(problem.status ? [`"status":${problem.status}`] : []),
        `"detail":${problem.detail}`,
        '"instance":"urn:tidemark:request:$context.requestId"',
        `"code":"${problem.code}"`,
        '"requestId":"$context.requestId"',
      ];
      this.api.addGatewayResponse(`${type.responseType}`, {
        type,
        ...(problem.status ? { statusCode: String(problem.status) } : {}),
        responseHeaders: { 'content-type': "'application/problem+json'" },
        templates: { 'application/json': `{${members.join(',')}}` },
      });
    };
    answer(ResponseType.BAD_REQUEST_BODY, {
      status: 400,
      title: '"Bad Request"',
      code: 'http.badBody',
      detail: '"the body must be a JSON object with content-type application/json"',
    });
    // What API Gateway calls a missing authentication token is a route that it does not have.
    answer(ResponseType.MISSING_AUTHENTICATION_TOKEN, {
      status: 404,
      title: '"Not Found"',
      code: 'http.unknownRoute',
      detail: '"no such route or method; see GET /v1/openapi.json"',
    });
    answer(ResponseType.DEFAULT_4XX, {
      title: '$context.error.messageString',
      code: 'http.refused',
      detail: '$context.error.messageString',
    });
    answer(ResponseType.DEFAULT_5XX, {
      title: '$context.error.messageString',
      code: 'http.gateway',
      detail: '"the request could not be completed; try again"',
    });
  }

  private acknowledgeFindings(): void {
    acknowledge(
      this.api,
      'handlers check the bearer token of every route but health: one check for AWS and the local cloud',
      ['AwsSolutions-APIG4', 'AwsSolutions-COG4'],
    );
    acknowledge(this.api, 'a web ACL is a choice of the stage (serving.webAcl), and stands in a stack of its own', [
      'AwsSolutions-APIG3',
    ]);
    acknowledge(this.api, "API Gateway asks for AWS's own managed policy to write logs", [
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    ]);
    acknowledge(
      this.api,
      'only routes with a body have something to validate; theirs is validated, here or by the handler',
      ['AwsSolutions-APIG2'],
    );
  }
}
