import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { apiStageName, feastPushPaths, pushPath, type ServingApi } from '#infra/constructs/serving-api.ts';
import type { WebAclSettings } from '#spec/serving-settings.ts';

export interface WebAclProps {
  /** `tidemark-<project>-<stage>`. */
  readonly name: string;
  readonly settings: WebAclSettings;
  readonly stage: Stage;
  readonly api: ServingApi;
}

/**
 * What is turned away before API Gateway counts or logs it: addresses with too many requests, bodies that are too large, and what AWS's
 * own rules know as an attack. It needs the API's ARN only, so its stack can come and go alone.
 */
export class WebAcl extends Construct {
  constructor(scope: Construct, id: string, { name, settings, stage, api }: WebAclProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Resource', {
      name,
      description: `requests to the API of ${name}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility(name),
      // As far as bodies may reach they are looked at.
      associationConfig: {
        requestBody: { API_GATEWAY: { defaultSizeInspectionLimit: `KB_${settings.bodyKb}` } },
      },
      rules: [addressRule(settings), bodyRule(settings), commonRules].map((rule, priority) => ({ ...rule, priority })),
    });
    new CfnWebACLAssociation(this, 'Association', {
      webAclArn: acl.attrArn,
      resourceArn: api.api.deploymentStage.stageArn,
    });
    this.logBlocked(acl, name, stage);
  }

  /** Blocked requests with the rule that blocked them; their tokens are left out, and bodies are never logged. */
  private logBlocked(acl: CfnWebACL, name: string, stage: Stage): void {
    const logGroupName = `aws-waf-logs-${name}`; // WAF writes to groups of this prefix only
    const logs = new LogGroup(this, 'Logs', {
      logGroupName,
      retention: stage.logRetentionDays,
      removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const logging = new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      // WAF takes the ARN without the `:*` that the group's own attribute ends in.
      logDestinationConfigs: [
        Stack.of(this).formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: [{ singleHeader: { Name: 'authorization' } }],
      loggingFilter: {
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
    logging.node.addDependency(logs);
  }
}

type Rule = Omit<CfnWebACL.RuleProperty, 'priority'>;

const visibility = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  metricName,
  sampledRequestsEnabled: false, // samples hold headers
});

const addressRule = ({ perAddress }: WebAclSettings): Rule => ({
  name: 'requests-of-an-address',
  action: { block: {} },
  statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: perAddress, evaluationWindowSec: 300 } },
  visibilityConfig: visibility('requests-of-an-address'),
});

const beginsWith = (searchString: string): CfnWebACL.StatementProperty => ({
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint: 'STARTS_WITH',
    searchString,
    textTransformations: [{ priority: 0, type: 'NONE' }],
  },
});

/** Pushes may be larger; the handlers hold them to limits of their own. */
const bodyRule = ({ bodyKb }: WebAclSettings): Rule => ({
  name: 'size-of-a-body',
  action: { block: {} },
  statement: {
    andStatement: {
      statements: [
        {
          sizeConstraintStatement: {
            comparisonOperator: 'GT',
            size: bodyKb * 1024,
            // WAF sees no more of a body than this size: one that goes on is larger.
            fieldToMatch: { body: { oversizeHandling: 'MATCH' } },
            textTransformations: [{ priority: 0, type: 'NONE' }],
          },
        },
        {
          notStatement: {
            statement: {
              orStatement: {
                statements: [`${pushPath}/`, ...feastPushPaths].map((path) => beginsWith(`/${apiStageName}${path}`)),
              },
            },
          },
        },
      ],
    },
  },
  visibilityConfig: visibility('size-of-a-body'),
});

/** AWS's common rules, but for theirs about the size of bodies, 8 KB, which a request of a hundred entities passes. */
const commonRules: Rule = {
  name: 'aws-common-rules',
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name: 'AWSManagedRulesCommonRuleSet',
      ruleActionOverrides: [{ name: 'SizeRestrictions_BODY', actionToUse: { count: {} } }],
    },
  },
  visibilityConfig: visibility('aws-common-rules'),
};
