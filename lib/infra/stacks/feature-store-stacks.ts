import { Stack, Tags } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import { FeatureStore } from '#infra/constructs/feature-store.ts';

/** What each stack is for, in the order in which they deploy. */
const parts = {
  storage: 'tables, streams, bucket, catalog, workgroup, API token',
  stream: 'consumers of streams: windows online, event log, its compaction',
  materialization: 'runs that compute features and write them online, what starts them, backfills',
  serving: 'HTTP API: online features and training sets',
  protection: 'web ACL of the API',
  observability: 'alarms and dashboard',
} as const;
type Part = keyof typeof parts;
/** Not every deployment has a stream source or a web ACL. */
type OptionalPart = 'stream' | 'protection';
type Stacks = Readonly<Record<Exclude<Part, OptionalPart>, Stack>> & { readonly [TPart in OptionalPart]?: Stack };

/**
 * A deployment as four stacks, one more with streams and one more with a web ACL, around the parts of one FeatureStore: `tidemark-<project>-<stage>-<part>`. Storage holds all data and is
 * protected from deletion with it; the others can be destroyed, last first, and deployed again.
 */
export class FeatureStoreStacks extends Construct {
  readonly stacks: Stacks;
  readonly featureStore: FeatureStore;

  constructor(scope: Construct, id: string, props: DeploymentProps) {
    super(scope, id);
    const { manifest, stage } = props;
    const deployment = `tidemark-${manifest.project.replaceAll('_', '-')}-${stage.name}`;
    const stack = (part: Part): Stack =>
      new Stack(this, part, {
        stackName: `${deployment}-${part}`,
        description: `Tidemark ${manifest.project}, stage ${stage.name}: ${parts[part]}`,
        terminationProtection: part === 'storage' && stage.protectData,
        env: {
          ...(stage.account === undefined ? {} : { account: stage.account }),
          ...(stage.region === undefined ? {} : { region: stage.region }),
        },
      });
    this.stacks = {
      storage: stack('storage'),
      ...(manifest.sources.some(({ kind }) => kind === 'stream') ? { stream: stack('stream') } : {}),
      materialization: stack('materialization'),
      serving: stack('serving'),
      ...(stage.serving.webAcl ? { protection: stack('protection') } : {}),
      observability: stack('observability'),
    };
    this.featureStore = new FeatureStore(this, 'FeatureStore', { ...props, scopes: this.stacks });
    Tags.of(this).add('tidemark:project', manifest.project);
    Tags.of(this).add('tidemark:stage', stage.name);
  }
}
