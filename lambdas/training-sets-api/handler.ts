import { randomBytes } from 'node:crypto';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { newTrainingSetId } from '#engine/training-set/request.ts';
import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { deployedIdentify } from '#lambdas/http/identity/deployed-identify.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { s3ObjectLinks } from '#store/s3/object-links.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { SfnExecutions } from '#store/sfn/executions.ts';
import { environmentSchema } from './environment.ts';
import { type TrainingSetRoutesOptions, trainingSetRoutes } from './routes.ts';

/** The API of training sets: starts builds and tells how far they are. */
export function createHandler(repository: Repository): HttpHandler {
  const { manifest } = repository;
  const environment = readEnvironment(environmentSchema);
  const telemetry = createTelemetry('training-sets-api', { project: manifest.project, stage: environment.STAGE_NAME });
  const sfn = new SFNClient({});
  const s3 = createS3Client();
  const stateMachineArn = environment.TRAINING_SET_STATE_MACHINE_ARN;
  return createHttpHandler({
    routes: trainingSetRoutes({
      manifest,
      objects: new S3Objects(s3, environment.BUCKET_NAME),
      linkTo: s3ObjectLinks(s3, { bucketName: environment.BUCKET_NAME, clock: systemClock }),
      records: new DynamoRecords(createDynamoClient(), environment.JOBS_TABLE_NAME),
      clock: systemClock,
      newId: (prefix) => newTrainingSetId(systemClock(), randomBytes(3).toString('hex'), prefix),
      executions: new SfnExecutions(sfn),
      executionOf: (id) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${id}`,
      start: starter(sfn, stateMachineArn),
    }),
    identify: deployedIdentify(repository, environment),
    logger: telemetry.logger,
  });
}

const starter =
  (client: SFNClient, stateMachineArn: string): TrainingSetRoutesOptions['start'] =>
  async (request) => {
    try {
      const input = JSON.stringify(request);
      await client.send(new StartExecutionCommand({ stateMachineArn, name: request.id, input }));
      return true;
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return false;
      throw error;
    }
  };
