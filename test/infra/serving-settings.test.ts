import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { onLocalCloud, type StageInput, stageConfigSchema } from '#spec/stage.ts';
import { servingTemplate } from './serving-template.ts';

const template = servingTemplate({
  serveMemoryMb: 1769,
  serving: {
    provisionedConcurrency: { least: 3, most: 30 },
    reservedConcurrency: 200,
    throttle: { perSecond: 5000, burst: 8000 },
    pushThrottle: { perSecond: 300, burst: 600 },
    jobThrottle: { perSecond: 1, burst: 5 },
  },
});

describe('a stage with provisioned concurrency', () => {
  it('has the alias live with the least of environments ready, of the version that is deployed', () => {
    template.resourceCountIs('AWS::Lambda::Alias', 1);
    template.hasResourceProperties('AWS::Lambda::Alias', {
      Name: 'live',
      FunctionName: { Ref: Match.stringLikeRegexp('^ServingServeFeatures') },
      FunctionVersion: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ServingServeFeatures.*CurrentVersion'), 'Version'] },
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 3 },
    });
  });

  it('serves every route of the serving function through the alias, which alone API Gateway may invoke', () => {
    const served = Object.values(template.findResources('AWS::ApiGateway::Method'))
      .map(({ Properties }) => JSON.stringify(Properties.Integration.Uri))
      .filter((uri) => uri.includes('ServeFeatures'));
    expect(served.length).toBeGreaterThan(6);
    expect(served.filter((uri) => !uri.includes('ServingServeFeaturesLive'))).toEqual([]);
    const invoked = Object.values(template.findResources('AWS::Lambda::Permission'))
      .map(({ Properties }) => JSON.stringify(Properties.FunctionName))
      .filter((name) => name.includes('ServeFeatures'));
    expect(invoked).toEqual([expect.stringContaining('ServingServeFeaturesLive')]);
  });

  it('follows the share of environments in use between its least and its most', () => {
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 3,
      MaxCapacity: 30,
      ScalableDimension: 'lambda:function:ProvisionedConcurrency',
      ServiceNamespace: 'lambda',
      ResourceId: Match.objectLike({}),
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' },
        TargetValue: 0.7,
      },
    });
    expect(JSON.stringify(template.findResources('AWS::ApplicationAutoScaling::ScalableTarget'))).toContain(
      'ServingServeFeaturesLive',
    );
  });

  it('scales nothing where its most is its least', () => {
    const fixed = servingTemplate({ serving: { provisionedConcurrency: { least: 3 } } });
    fixed.resourceCountIs('AWS::Lambda::Alias', 1);
    fixed.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
  });
});

describe('settings of a stage', () => {
  it('reserve concurrency for the serving function and give it its memory', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'serves features from the online store',
      MemorySize: 1769,
      ReservedConcurrentExecutions: 200,
    });
    const reserving = template.findResources('AWS::Lambda::Function', {
      Properties: { ReservedConcurrentExecutions: Match.anyValue() },
    });
    expect(Object.keys(reserving)).toHaveLength(1);
  });

  it('throttle the API, and by themselves the routes that are costly, which log and measure as all do', () => {
    const common = { DataTraceEnabled: false, LoggingLevel: 'ERROR', MetricsEnabled: true };
    const throttled = (ThrottlingRateLimit: number, ThrottlingBurstLimit: number) => ({
      ...common,
      ThrottlingRateLimit,
      ThrottlingBurstLimit,
    });
    const [stage] = Object.values(template.findResources('AWS::ApiGateway::Stage'));
    const settings: readonly Record<string, unknown>[] = stage?.Properties.MethodSettings;
    const of = (HttpMethod: string, paths: readonly string[], throttle: Readonly<Record<string, unknown>>) =>
      paths.map((path) => ({ HttpMethod, ResourcePath: `/${path.replaceAll('/', '~1')}`, ...throttle }));
    expect(settings).toEqual([
      ...of('*', ['*'], throttled(5000, 8000)),
      ...of('POST', ['/push', '/write-to-online-store', '/v1/push/{source}'], throttled(300, 600)),
      ...of('POST', ['/materialize', '/materialize-incremental', '/v1/training-sets'], throttled(1, 5)),
    ]);
  });

  it('are 1000 requests a second, no alias and no reserve where nothing is declared', () => {
    const plain = servingTemplate();
    plain.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: [Match.objectLike({ ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 })],
    });
    plain.resourceCountIs('AWS::Lambda::Alias', 0);
    plain.resourceCountIs('AWS::Lambda::Version', 0);
    expect(JSON.stringify(plain.toJSON())).not.toContain('ReservedConcurrentExecutions');
  });

  it.each<[string, StageInput['serving'], string]>([
    ['most below least', { provisionedConcurrency: { least: 5, most: 4 } }, 'most must not be less than least'],
    [
      'a reserve below what is provisioned',
      { provisionedConcurrency: { least: 5, most: 50 }, reservedConcurrency: 49 },
      'reservedConcurrency must not be less than the environments of provisionedConcurrency',
    ],
  ])('are refused with %s', (_, serving, message) => {
    const parsed = stageConfigSchema.safeParse({ serving });
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([message]);
  });

  it('are the defaults on the local cloud, and the rest of the stage is as declared', () => {
    const declared = stageConfigSchema.parse({
      logRetentionDays: 7,
      objectives: {},
      serving: { provisionedConcurrency: { least: 2 }, throttle: { perSecond: 1, burst: 1 } },
    });
    expect(onLocalCloud(declared)).toEqual(stageConfigSchema.parse({ logRetentionDays: 7 }));
  });
});
