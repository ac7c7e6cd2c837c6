import { type App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { acceptWildcards } from '#infra/accepted-wildcards.ts';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import { type StageInput, stageConfigSchema } from '#spec/stage.ts';
import { manifestWithoutStreams as manifest, repositoryModule, stage, testApp } from './fixture.ts';
import { servingTemplate } from './serving-template.ts';

function deployment(serving: StageInput['serving']): { app: App; stacks: FeatureStoreStacks['stacks'] } {
  const app = testApp();
  const config = { ...stage('prod', { serving, objectives: {} }) };
  const { stacks } = new FeatureStoreStacks(app, 'rides', { manifest, repositoryModule, stage: config });
  return { app, stacks };
}
const newEndpoint = {
  vpc: 'vpc-0123456789abcdef0',
  subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  securityGroups: ['sg-0123456789abcdef0'],
};
const everything = deployment({
  provisionedConcurrency: { least: 2, most: 20 },
  reservedConcurrency: 100,
  webAcl: { perAddress: 3000, bodyKb: 48 },
  privateApi: { newEndpoint },
});
const { protection } = everything.stacks;

describe('a stage with everything that serving can declare', () => {
  it('passes the AWS Solutions and Serverless checks', () => {
    const checks = [new AwsSolutionsChecks(everything.app), new ServerlessChecks(everything.app)].map(acceptWildcards);
    Validations.of(everything.app).addPlugins(...checks);
    everything.app.synth();
    const found = checks.flatMap(
      (check) => check.validate({ appConstruct: everything.app, templatePaths: [], stackTemplates: [] }).violations,
    );
    expect(found.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});

describe('web ACL', () => {
  const template = protection && Template.fromStack(protection);
  const rules = (): {
    Name: string;
    Priority: number;
    Action?: object;
    OverrideAction?: object;
    Statement: object;
  }[] => {
    const [acl] = Object.values(template?.findResources('AWS::WAFv2::WebACL') ?? {});
    return acl?.Properties.Rules;
  };

  it('has a stack of its own, which only needs the API, and none where it is not declared', () => {
    expect(protection?.stackName).toBe('tidemark-rides-prod-protection');
    expect(protection?.dependencies).toEqual([everything.stacks.serving]);
    const without = deployment({}).stacks;
    expect(Object.keys(without)).toEqual(['storage', 'materialization', 'serving', 'observability']);
  });

  it('is that of the API, lets through what no rule blocks, and looks at as much of a body as may be sent', () => {
    template?.hasResourceProperties('AWS::WAFv2::WebACL', {
      Scope: 'REGIONAL',
      DefaultAction: { Allow: {} },
      AssociationConfig: { RequestBody: { API_GATEWAY: { DefaultSizeInspectionLimit: 'KB_48' } } },
    });
    template?.hasResourceProperties('AWS::WAFv2::WebACLAssociation', {
      WebACLArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WebAcl'), 'Arn'] },
      ResourceArn: {
        'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(':apigateway:'), Match.stringLikeRegexp('/stages/')])],
      },
    });
  });

  it('blocks addresses with too many requests first, then large bodies but of pushes, then what AWS knows as attacks', () => {
    expect(rules().map(({ Name, Priority }) => `${Priority} ${Name}`)).toEqual([
      '0 requests-of-an-address',
      '1 size-of-a-body',
      '2 aws-common-rules',
    ]);
    const [address, body, common] = rules();
    expect(address).toMatchObject({
      Action: { Block: {} },
      Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 3000, EvaluationWindowSec: 300 } },
    });
    expect(body).toMatchObject({
      Action: { Block: {} },
      Statement: {
        AndStatement: {
          Statements: [
            {
              SizeConstraintStatement: {
                ComparisonOperator: 'GT',
                Size: 49_152,
                FieldToMatch: { Body: { OversizeHandling: 'MATCH' } },
              },
            },
            { NotStatement: { Statement: { OrStatement: { Statements: expect.anything() } } } },
          ],
        },
      },
    });
    const paths = [...JSON.stringify(body).matchAll(/"SearchString":"([^"]+)"/g)].map(([, path]) => path);
    expect(paths).toEqual(['/api/v1/push/', '/api/push', '/api/write-to-online-store']);
    expect(common).toMatchObject({
      OverrideAction: { None: {} },
      Statement: {
        ManagedRuleGroupStatement: {
          VendorName: 'AWS',
          Name: 'AWSManagedRulesCommonRuleSet',
          RuleActionOverrides: [{ Name: 'SizeRestrictions_BODY', ActionToUse: { Count: {} } }],
        },
      },
    });
  });

  it('logs what it blocks, without tokens, to a group that WAF may write to', () => {
    template?.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: 'aws-waf-logs-tidemark-rides-prod' });
    template?.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: [{ SingleHeader: { Name: 'authorization' } }],
      LoggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: [{ ActionCondition: { Action: 'BLOCK' } }],
          },
        ],
      },
    });
    const [logging] = Object.values(template?.findResources('AWS::WAFv2::LoggingConfiguration') ?? {});
    expect(JSON.stringify(logging?.Properties.LogDestinationConfigs)).toMatch(
      /:log-group:aws-waf-logs-tidemark-rides-prod"/,
    );
  });
});

describe('private API', () => {
  const denied = (endpoints: readonly unknown[]) => ({
    Policy: {
      Statement: [
        { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'execute-api:Invoke', Resource: 'execute-api:/*' },
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 'execute-api:Invoke',
          Resource: 'execute-api:/*',
          Condition: { StringNotEquals: { 'aws:SourceVpce': endpoints } },
        },
      ],
    },
  });

  it('is reached through the endpoints that it names, and denies all other ways', () => {
    const endpoints = ['vpce-0123456789abcdef0', 'vpce-0123456789abcdef1'];
    const template = servingTemplate({ serving: { privateApi: { endpoints } } });
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['PRIVATE'], VpcEndpointIds: endpoints },
      ...denied(endpoints),
    });
  });

  it('makes an endpoint in the VPC that it is given', () => {
    const template = Template.fromStack(everything.stacks.serving);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Interface',
      ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, '.execute-api']] },
      VpcId: newEndpoint.vpc,
      SubnetIds: newEndpoint.subnets,
      SecurityGroupIds: newEndpoint.securityGroups,
      PrivateDnsEnabled: true,
    });
    const [id = ''] = Object.keys(template.findResources('AWS::EC2::VPCEndpoint'));
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['PRIVATE'], VpcEndpointIds: [{ Ref: id }] },
    });
    const [api] = Object.values(template.findResources('AWS::ApiGateway::RestApi'));
    expect(JSON.stringify(api?.Properties.Policy)).toContain(`{"aws:SourceVpce":[{"Ref":"${id}"}]}`);
  });

  it('is refused where nothing could reach it, or an id is none', () => {
    const messages = (privateApi: { endpoints?: string[] }) =>
      stageConfigSchema.safeParse({ serving: { privateApi } }).error?.issues.map(({ message }) => message);
    expect(messages({})).toEqual(['needs endpoints or newEndpoint; nothing could reach the API']);
    expect(messages({ endpoints: ['vpc-0123456789abcdef0'] })).toEqual(['must be vpce-...']);
  });
});
