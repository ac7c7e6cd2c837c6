import { readFileSync } from 'node:fs';
import { type App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { acceptedWildcards, acceptWildcards } from '#infra/accepted-wildcards.ts';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import type { Manifest } from '#spec/manifest.ts';
import { manifest, manifestWithoutStreams, repositoryModule, stage, testApp } from './fixture.ts';
import { statefulIds, statementsOf } from './templates.ts';

function deployment(
  name: 'dev' | 'prod',
  of: Manifest = manifest,
): { readonly app: App; readonly stacks: FeatureStoreStacks['stacks'] } {
  const app = testApp();
  const { stacks } = new FeatureStoreStacks(app, 'rides', { manifest: of, repositoryModule, stage: stage(name) });
  return { app, stacks };
}

const dev = deployment('dev');
const templates = Object.values(dev.stacks).map((stack) => Template.fromStack(stack));

describe('app', () => {
  it('passes the AWS Solutions and Serverless checks', () => {
    const { app } = deployment('dev');
    const checks = [new AwsSolutionsChecks(app), new ServerlessChecks(app)];
    Validations.of(app).addPlugins(...checks.map(acceptWildcards));
    app.synth();
    // What remains besides accepted wildcards, by name: an empty list, or the test says which.
    const found = checks.flatMap(
      (check) =>
        acceptWildcards(check).validate({ appConstruct: app, templatePaths: [], stackTemplates: [] }).violations,
    );
    expect(found.map(({ ruleName }) => ruleName)).toEqual([]);
  });

  it('accepts no wildcard that no policy has', () => {
    const { app } = deployment('dev');
    app.synth();
    const findings = new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
    const resources = findings.map((finding) => /^AwsSolutions-IAM5\[Resource::(.+)\]$/.exec(finding)?.[1] ?? '');
    for (const { resource, reason } of acceptedWildcards)
      expect(
        resources.filter((found) => resource.test(found)),
        reason,
      ).not.toEqual([]);
  });

  it('gives the same templates on every synthesis', () => {
    const again = Object.values(deployment('dev').stacks).map((stack) => Template.fromStack(stack).toJSON());
    expect(again).toEqual(templates.map((template) => template.toJSON()));
  });

  it('keeps the logical ids of whatever holds data', () => {
    const kept: unknown = JSON.parse(readFileSync('test/infra/stateful-ids.json', 'utf8'));
    const ids = Object.fromEntries(
      Object.entries(dev.stacks).map(([part, stack]) => [part, statefulIds(Template.fromStack(stack))]),
    );
    expect(ids).toEqual(kept);
  });

  it('has five stacks named after the deployment', () => {
    expect(Object.values(dev.stacks).map(({ stackName }) => stackName)).toEqual([
      'tidemark-rides-dev-storage',
      'tidemark-rides-dev-stream',
      'tidemark-rides-dev-materialization',
      'tidemark-rides-dev-serving',
      'tidemark-rides-dev-observability',
    ]);
  });

  it('has no stream stack, no stream and no way to push events without a stream source', () => {
    const none = deployment('dev', manifestWithoutStreams).stacks;
    expect(Object.keys(none)).toEqual(['storage', 'materialization', 'serving', 'observability']);
    const text = JSON.stringify(Object.values(none).map((stack) => Template.fromStack(stack).toJSON()));
    expect(text).toContain('training_spines');
    expect(text.match(/kinesis|v1push|PushEvents|events-compacted/gi)).toBeNull();
  });

  it('lets each stack refer to earlier ones only', () => {
    const { storage, stream, materialization, serving, observability } = dev.stacks;
    expect(storage.dependencies).toEqual([]);
    expect(stream?.dependencies).toEqual([storage]);
    expect(materialization.dependencies).toEqual([storage]);
    expect(serving.dependencies).toEqual([storage]);
    expect(new Set(observability.dependencies)).toEqual(new Set([storage, stream, materialization, serving]));
  });

  it('tells clients where everything is', () => {
    const names = Object.values(dev.stacks).flatMap((stack) =>
      Object.keys(Template.fromStack(stack).findOutputs('*')).filter((name) => !name.startsWith('ExportsOutput')),
    );
    expect(names.sort()).toEqual([
      'ApiId',
      'ApiStage',
      'ApiTokenSecretArn',
      'ApiUrl',
      'BackfillStateMachineArn',
      'BucketName',
      'DatabaseName',
      'JobsTableName',
      'MaterializeStateMachineArn',
      'OnlineTableName',
      'StreamNames',
      'TrainingSetStateMachineArn',
      'WorkgroupName',
    ]);
  });

  it('protects the data of a protected stage from the deletion of its stack', () => {
    const prod = deployment('prod');
    expect(prod.stacks.storage.terminationProtection).toBe(true);
    expect(prod.stacks.serving.terminationProtection).toBe(false);
  });

  it('creates nothing by custom resources', () => {
    const types = templates.flatMap((template) =>
      Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type),
    );
    expect(types.filter((type) => type.startsWith('Custom::') || type.endsWith('CustomResource'))).toEqual([]);
  });
});

describe('functions', () => {
  it('each log to a group of their own with a retention', () => {
    for (const template of templates) {
      const groups = template.findResources('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 30 } });
      const used = Object.values(template.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.LoggingConfig.LogGroup.Ref,
      );
      expect(new Set(used).size).toBe(used.length);
      expect(used.filter((group) => !(group in groups))).toEqual([]);
    }
  });

  it('each have a role of their own', () => {
    const roles = templates.flatMap((template) =>
      Object.values(template.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.Role['Fn::GetAtt'][0],
      ),
    );
    expect(roles.length).toBeGreaterThan(8);
    expect(new Set(roles).size).toBe(roles.length);
  });
});

describe('rights', () => {
  const statements = templates.flatMap((template) => statementsOf(template, ''));

  it('have no wildcard in an action', () => {
    expect(statements.length).toBeGreaterThan(30);
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('on all resources are those that AWS knows no resource for', () => {
    const onAll = statements.filter(({ Resource }) => Resource.includes('*')).flatMap(({ Action }) => Action);
    expect([...new Set(onAll)].sort()).toEqual([
      // Deliveries of a state machine's log are no resources.
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('never delete the online table, the bucket or their keys', () => {
    const deleting = statements
      .flatMap(({ Action }) => Action)
      .filter((action) => /:(DeleteTable|DeleteBucket\w*|ScheduleKeyDeletion|DisableKey|Scan)$/.test(action));
    expect(deleting).toEqual([]);
  });
});
