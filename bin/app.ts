import { join, relative, resolve } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { writeRepositoryModule } from '#define/node/load-repository.ts';
import { acceptWildcards } from '#infra/accepted-wildcards.ts';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { onLocalCloud } from '#spec/stage.ts';

/**
 * The CDK app: `-c repository=<folder>` (default in cdk.json) and `-c stage=<name>` of its tidemark.config.ts; `-c cloud=local` leaves out
 * what the local cloud does not have.
 */
async function main(app: App): Promise<void> {
  const folder = resolve(String(app.node.getContext('repository')));
  const root = resolve(import.meta.dirname, '..');
  const repositoryModule = join(root, '.tidemark/repositories', `${hashOf(relative(root, folder)).slice(0, 8)}.mjs`);
  const { config, repository } = await writeRepositoryModule(folder, repositoryModule);

  const asked: unknown = app.node.tryGetContext('stage');
  const name = Object.keys(config.stages).find((stage) => stage === asked);
  const stage = name === undefined ? undefined : config.stages[name];
  if (name === undefined || stage === undefined)
    throw new TidemarkError(
      'app.unknownStage',
      `unknown stage ${JSON.stringify(asked ?? null)}; ${folder} has ${Object.keys(config.stages).join(', ')}; say which by -c stage=<name>`,
    );

  const { manifest } = repository;
  const deployed = app.node.tryGetContext('cloud') === 'local' ? onLocalCloud(stage) : stage;
  new FeatureStoreStacks(app, manifest.project, { manifest, repositoryModule, stage: { ...deployed, name } });
  const checks = [new AwsSolutionsChecks(app), new ServerlessChecks(app)];
  Validations.of(app).addPlugins(...checks.map(acceptWildcards));
  app.synth();
}

try {
  await main(new App());
} catch (error) {
  // What a user can cause is said in one sentence; all else with its stack.
  console.error(error instanceof TidemarkError ? error.message : error);
  process.exitCode = 1;
}
