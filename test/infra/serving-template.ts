import { Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Serving } from '#infra/constructs/serving.ts';
import { Storage } from '#infra/constructs/storage.ts';
import type { StageInput } from '#spec/stage.ts';
import { manifest, repositoryModule, stage, testStack } from './fixture.ts';

/** Storage and serving of a stage in one stack, with a function of no code for training sets. */
export function servingTemplate(config: StageInput = {}): Template {
  const stack = testStack();
  const dev = stage('dev', config);
  const storage = new Storage(stack, 'Storage', { manifest, stage: dev });
  new Serving(stack, 'Serving', {
    manifest,
    stage: dev,
    repositoryModule,
    onlineStore: storage.onlineStore,
    offlineStore: storage.offlineStore,
    materializeStateMachineName: 'tidemark-rides-dev-materialize',
    apiToken: storage.apiToken,
    jobsTable: storage.jobsTable,
    eventStreams: storage.eventStreams,
    trainingSetsFunction: new LambdaFunction(stack, 'TrainingSetsApi', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
    }),
  });
  return Template.fromStack(stack);
}
