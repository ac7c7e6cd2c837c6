/** Field names of structured log lines. One meaning, one name, so that a query over several log groups is one filter. */
export const logFields = {
  project: 'project',
  stage: 'stage',
  /** `name@version`. */
  view: 'view',
  /** `name@version` of a feature service. Not `service`: the logger keeps that name for the function. */
  service: 'featureService',
  /** Name of a stream source. */
  source: 'source',
  /** Kinesis shard id, and the sequence number of a record in it. */
  shard: 'shard',
  sequence: 'sequence',
  /** The client's own where it sent one: API Gateway's stands in its access log, Lambda's in the platform's lines. */
  requestId: 'requestId',
  /** Trace id of the client's traceparent. */
  traceId: 'traceId',
  /** Who asked: `token:<id>`, `jwt:<subject>@<issuer>`, `iam:<arn>`, `admin`. */
  principal: 'principal',
  /** Number of the materialization run within its view version. */
  run: 'run',
  /** ARN of the Step Functions execution. */
  execution: 'execution',
  /** Athena's query execution id. */
  queryId: 'queryId',
  /** Id of a training set. */
  dataset: 'dataset',
  /** `room.problem` of a TidemarkError. */
  errorCode: 'errorCode',
  rows: 'rows',
  millis: 'millis',
  httpStatus: 'httpStatus',
} as const;
