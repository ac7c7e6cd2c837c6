import type { IPolicyValidationPlugin, PolicyValidationPluginReport } from 'aws-cdk-lib';
import { folders } from '#infra/constructs/offline-store.ts';
import { pushedFilePrefix } from '#spec/layout.ts';

/** The only wildcards that a policy's resources may have, and why each must be one. Actions have none. */
export const acceptedWildcards = [
  {
    resource: new RegExp(`/(${Object.values(folders).join('|')})\\*$`),
    reason: 'objects of one top folder of the bucket: their names are made at run time',
  },
  {
    resource: new RegExp(`/${folders.sources}\\*/${pushedFilePrefix}\\*$`),
    reason: 'files of pushed rows in the folders of sources: named by their content',
  },
  {
    resource: /^arn:<AWS::Partition>:s3:::[a-z0-9][a-z0-9.-]+\/(\S+\/)?\*$/,
    reason: 'objects of the folder that a source names in a bucket outside the deployment',
  },
  {
    resource: /^arn:<AWS::Partition>:glue:\S+:table\/tidemark_[a-z0-9_]+\/\*$/,
    reason: "tables of the deployment's own database",
  },
  {
    resource: /^arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:tidemark-[a-z0-9_-]+[:/]\*$/,
    reason: "executions of the deployment's own state machines, and those of their maps: named at run time",
  },
] as const;

const wildcardFinding = /^AwsSolutions-IAM5\[Resource::(.+)\]$/;

const isAccepted = (ruleName: string): boolean => {
  const resource = wildcardFinding.exec(ruleName)?.[1];
  return resource !== undefined && acceptedWildcards.some((accepted) => accepted.resource.test(resource));
};

/**
 * The plugin without its findings about accepted wildcards. cdk-nag takes acknowledgements by exact finding, and a finding about another
 * stack's bucket is named after an export that exists only once the app is synthesized: a pattern is the only way to name it.
 */
export function acceptWildcards(plugin: IPolicyValidationPlugin): IPolicyValidationPlugin {
  return {
    name: plugin.name,
    ...(plugin.version === undefined ? {} : { version: plugin.version }),
    validate(context): PolicyValidationPluginReport {
      const report = plugin.validate(context);
      const violations = report.violations.filter(({ ruleName }) => !isAccepted(ruleName));
      return { ...report, violations, success: violations.length === 0 };
    },
  };
}
