import type { Context } from 'aws-lambda';

/** An event as API Gateway sends it for a REST proxy integration, with all the members that handlers do not read. */
export function proxyEvent(
  method: string,
  path: string,
  request: { body?: string; headers?: Record<string, string>; query?: Record<string, string> } = {},
) {
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers: { Accept: '*/*', Host: 'abc123.execute-api.eu-west-1.amazonaws.com', ...request.headers },
    multiValueHeaders: { Accept: ['*/*'] },
    queryStringParameters: request.query ?? null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: '000000000000',
      apiId: 'abc123',
      httpMethod: method,
      path: `/dev${path}`,
      protocol: 'HTTP/1.1',
      requestId: '0d3f5c1e-6f4b-4d0a-9a51-3a3f0a4f7a11',
      requestTimeEpoch: 1_760_000_000_000,
      resourceId: 'xyz',
      resourcePath: '/{proxy+}',
      stage: 'dev',
      identity: { sourceIp: '127.0.0.1', userAgent: 'test' },
    },
    body: request.body ?? null,
    isBase64Encoded: false,
  };
}

/** A Lambda context with so much time left. */
export const lambdaContext = (remainingMillis = 10_000): Context => ({
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'serve-features',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:serve-features',
  memoryLimitInMB: '1024',
  awsRequestId: 'b7c1c7b0-0000-4000-8000-000000000000',
  logGroupName: 'serve-features',
  logStreamName: 'one',
  getRemainingTimeInMillis: () => remainingMillis,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
});
