import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import { createS3Client } from '#store/s3/objects.ts';
import { localEnvironment, type Target, useTarget, writeTarget } from '../target.ts';
import { bootstrap, type CdkRun, deployStacks } from './cdk.ts';

/** The account and region that the local cloud has. */
const localAccount = { id: '000000000000', region: 'us-east-1' };

export interface DeployRequest {
  readonly stage: string;
  readonly repository: string;
  /** The stage's region; absent: that of the environment. */
  readonly region?: string | undefined;
  /** Absent: the AWS account of the environment. */
  readonly local: { readonly endpoint: string; readonly dynamodbEndpoint: string } | undefined;
  /** Name under which the target is kept. */
  readonly targetName: string;
  readonly talk: (line: string) => void;
}

/** Deploys a repository's stacks and keeps where they are as a target. The stacks are the same on AWS and on the local cloud, but for what `onLocalCloud` leaves out. */
export async function deployRepository(request: DeployRequest): Promise<Target> {
  const { stage, repository, local, targetName, talk } = request;
  const environment = local ? localEnvironment(local.endpoint, local.dynamodbEndpoint) : {};
  Object.assign(process.env, environment);
  if (!local && request.region !== undefined) process.env.AWS_REGION = request.region;
  const run: CdkRun = { stage, repository, isLocal: local !== undefined, environment, talk };
  if (local && !(await isBootstrapped())) {
    talk('bootstrapping the CDK');
    await bootstrap(run, localAccount.id, localAccount.region);
  }
  const outputs = await deployStacks(run);
  const target = await targetOf(outputs, request);
  writeTarget(targetName, target);
  return target;
}

/** A deployment without stream sources has no such output. */
const streamNames = (output: string | undefined): Target['streams'] =>
  output === undefined ? {} : z.record(z.string(), z.string()).parse(JSON.parse(output));

async function isBootstrapped(): Promise<boolean> {
  try {
    const bucket = `cdk-hnb659fds-assets-${localAccount.id}-${localAccount.region}`;
    await createS3Client().send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch {
    return false; // absent, or not reachable: then bootstrapping says why
  }
}

async function targetOf(outputs: Readonly<Record<string, string>>, request: DeployRequest): Promise<Target> {
  const { local, stage, repository } = request;
  const output = (name: string): string => {
    const value = outputs[name];
    if (value === undefined)
      throw new TidemarkError('cli.noOutput', `the deployed stacks have no output ${name}`, { kind: 'failed' });
    return value;
  };
  const secret = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: output('ApiTokenSecretArn') }),
  );
  const target: Target = {
    ...(local ? { endpoint: local.endpoint, dynamodbEndpoint: local.dynamodbEndpoint } : {}),
    region: local ? localAccount.region : (request.region ?? process.env.AWS_REGION ?? localAccount.region),
    // The local cloud serves every API under its own endpoint.
    apiUrl: local
      ? `${local.endpoint}/_aws/execute-api/${output('ApiId')}/${output('ApiStage')}`
      : output('ApiUrl').replace(/\/$/, ''),
    apiToken: secret.SecretString ?? '',
    streams: streamNames(outputs.StreamNames),
    bucket: output('BucketName'),
    workgroup: output('WorkgroupName'),
    database: output('DatabaseName'),
    table: output('OnlineTableName'),
    jobsTable: output('JobsTableName'),
    materializeStateMachine: output('MaterializeStateMachineArn'),
    trainingSetStateMachine: output('TrainingSetStateMachineArn'),
    ...(outputs.BackfillStateMachineArn === undefined ? {} : { backfillStateMachine: outputs.BackfillStateMachineArn }),
    repository,
    stage,
  };
  useTarget(target);
  return target;
}
