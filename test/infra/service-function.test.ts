import { globSync, readFileSync } from 'node:fs';
import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { ServiceFunction } from '#infra/constructs/service-function.ts';
import { repositoryModule, stage, testStack } from './fixture.ts';

const environmentSchema = z.object({ ONLINE_TABLE_NAME: z.string(), STAGE_NAME: z.optional(z.string()) });
const base = {
  name: 'serve-features',
  description: 'serves features',
  repositoryModule,
  stage: stage('dev'),
  environmentSchema,
  timeout: Duration.seconds(10),
  memoryMb: 512,
} as const;

describe('ServiceFunction', () => {
  const stack = testStack();
  new ServiceFunction(stack, 'Serve', { ...base, environment: { ONLINE_TABLE_NAME: 'online' } });
  const template = Template.fromStack(stack);

  it('runs on Node 24 and ARM with traces, JSON logs, stated time and memory', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: Match.objectLike({ LogFormat: 'JSON' }),
      Timeout: 10,
      MemorySize: 512,
      Environment: { Variables: { NODE_OPTIONS: '--enable-source-maps', ONLINE_TABLE_NAME: 'online' } },
    });
  });

  it('has a log group of its own with the retention of the stage', () => {
    template.resourceCountIs('AWS::Logs::LogGroup', 1);
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    template.hasResourceProperties('AWS::Lambda::Function', {
      LoggingConfig: Match.objectLike({ LogGroup: { Ref: Match.stringLikeRegexp('ServeLogs') } }),
    });
  });

  it('has a role of its own without managed policies', () => {
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  it('joins the handler to the repository in an entry that is the same on every synthesis', () => {
    const [entry = ''] = globSync('.tidemark/entries/*/serve-features/entry.ts').filter((path) =>
      readFileSync(path, 'utf8').includes('test/infra/repository.ts'),
    );
    expect(readFileSync(entry, 'utf8')).toMatch(
      /^import \{ createHandler \} from ".*\/lambdas\/serve-features\/handler\.ts";\nimport \{ repository \} from ".*\/repository\.ts";\nexport const handler = createHandler\(repository\);\n$/,
    );
  });

  it('fails when given an environment variable that the function does not read', () => {
    const environment = { ONLINE_TABLE_NAME: 'online', BUCKET_NAME: 'data' };
    expect(() => new ServiceFunction(testStack(), 'Serve', { ...base, environment })).toThrow(
      'lambdas/serve-features does not read BUCKET_NAME; its environment.ts has ONLINE_TABLE_NAME, STAGE_NAME',
    );
  });

  it('does not compile without an environment variable that the function needs', () => {
    type Props = ConstructorParameters<typeof ServiceFunction<typeof environmentSchema>>[2];
    // @ts-expect-error ONLINE_TABLE_NAME is missing
    const environment: Props['environment'] = {};
    expect(environment).toEqual({});
  });

  it('is the only place that makes a Lambda', () => {
    const files = globSync(['lib/**/*.ts', 'cli/**/*.ts']);
    expect(files.length).toBeGreaterThan(50);
    const makers = files.filter((file) =>
      /new (?!ServiceFunction|InvokeFunction)(\w*\.)?\w*Function\(/.test(readFileSync(file, 'utf8')),
    );
    expect(makers).toEqual(['lib/infra/constructs/service-function.ts']);
  });
});
