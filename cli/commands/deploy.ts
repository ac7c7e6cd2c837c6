import { relative, resolve } from 'node:path';
import { loadRepository } from '#define/node/load-repository.ts';
import { checkout } from '#localstack/paths.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, stringOption } from '../command.ts';
import { deployedHashes, refuseChangedViews } from '../deploy/changed-views.ts';
import { deployRepository } from '../deploy/deploy-repository.ts';
import { exitCodes } from '../exit-codes.ts';
import { duration } from '../report/table.ts';
import { readTarget, type Target } from '../target.ts';
import { runningLocalCloud } from './local.ts';

export const deploy: Command = {
  name: 'deploy',
  summary: 'deploy a repository of definitions with the CDK',
  usage: [
    'tidemark deploy [--repository DIR] [--stage NAME] [--to local|aws] [--allow-changed]',
    '',
    '--repository   folder with tidemark.config.ts (default: examples/flights)',
    '--stage        one of its stages (default: dev)',
    '--to           local: the running local cloud (default); aws: the account of your credentials, bootstrapped for the CDK',
    '--allow-changed  deploy views that are deployed with another definition under the same version; what they stored is not read any more',
  ],
  options: {
    repository: { type: 'string' },
    stage: { type: 'string' },
    to: { type: 'string' },
    'allow-changed': { type: 'boolean' },
  },
  run: async ({ options, output }) => {
    const repository = resolve(stringOption(options, 'repository') ?? resolve(checkout.root, 'examples/flights'));
    const stage = stringOption(options, 'stage') ?? 'dev';
    const to = stringOption(options, 'to') ?? 'local';
    if (to !== 'local' && to !== 'aws')
      throw new TidemarkError('cli.badArguments', `--to must be local or aws, got ${JSON.stringify(to)}`);
    const { config, repository: loaded } = await loadRepository(repository);
    const targetName = to === 'local' ? 'local' : `aws-${stage}`;
    if (options['allow-changed'] !== true) {
      const deployed = await hashesOf(targetName, { repository: relative(checkout.root, repository), stage });
      refuseChangedViews(loaded.manifest, deployed);
    }
    const started = performance.now();
    const target = await deployRepository({
      stage,
      repository: relative(checkout.root, repository),
      region: config.stages[stage]?.region,
      local: to === 'local' ? runningLocalCloud() : undefined,
      targetName,
      talk: output.talk,
    });
    const { apiToken: _, ...shown } = target;
    output.data(
      shown,
      `deployed ${repository} as ${stage} in ${duration((performance.now() - started) / 1000)}; API at ${target.apiUrl}`,
    );
    return exitCodes.ok;
  },
};

/** Hashes of the views that the target has now; none where it has another repository or stage, is not there, or its cloud is gone. */
async function hashesOf(
  targetName: string,
  wanted: Pick<Target, 'repository' | 'stage'>,
): Promise<ReadonlyMap<string, string>> {
  try {
    const target = readTarget(targetName);
    const isSame = target.repository === wanted.repository && target.stage === wanted.stage;
    return isSame ? await deployedHashes(target) : new Map();
  } catch (error) {
    if (error instanceof TidemarkError && (error.kind === 'notFound' || error.kind === 'unavailable')) return new Map();
    throw error;
  }
}
