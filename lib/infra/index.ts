/** Constructs for CDK apps of your own: `import { FeatureStore } from 'tidemark/cdk'`. */
export type { DeploymentProps, Stage } from '#infra/config.ts';
export { FeatureStore, type FeatureStoreProps, type PartScopes } from '#infra/constructs/feature-store.ts';
export { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
