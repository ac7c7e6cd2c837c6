import { relative, resolve } from 'node:path';
import { loadRepository } from '#define/node/load-repository.ts';
import { checkout } from '#localstack/paths.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, stringOption } from '../command.ts';
import { deployRepository } from '../deploy/deploy-repository.ts';
import { exitCodes } from '../exit-codes.ts';
import { duration } from '../report/table.ts';
import { runningLocalCloud } from './local.ts';

export const deploy: Command = {
  name: 'deploy',
  summary: 'deploy a repository of definitions with the CDK',
  usage: [
    'tidemark deploy [--repository DIR] [--stage NAME] [--to local|aws]',
    '',
    '--repository   folder with tidemark.config.ts (default: examples/flights)',
    '--stage        one of its stages (default: dev)',
    '--to           local: the running local cloud (default); aws: the account of your credentials, bootstrapped for the CDK',
  ],
  options: { repository: { type: 'string' }, stage: { type: 'string' }, to: { type: 'string' } },
  run: async ({ options, output }) => {
    const repository = resolve(stringOption(options, 'repository') ?? resolve(checkout.root, 'examples/flights'));
    const stage = stringOption(options, 'stage') ?? 'dev';
    const to = stringOption(options, 'to') ?? 'local';
    if (to !== 'local' && to !== 'aws')
      throw new TidemarkError('cli.badArguments', `--to must be local or aws, got ${JSON.stringify(to)}`);
    const { config } = await loadRepository(repository);
    const started = performance.now();
    const target = await deployRepository({
      stage,
      repository: relative(checkout.root, repository),
      region: config.stages[stage]?.region,
      local: to === 'local' ? runningLocalCloud() : undefined,
      targetName: to === 'local' ? 'local' : `aws-${stage}`,
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
