import { resolve } from 'node:path';
import { loadRepository } from '#define/node/load-repository.ts';
import { checkout } from '#localstack/paths.ts';
import type { Manifest } from '#spec/manifest.ts';
import { type OptionValues, stringOption } from './command.ts';
import { readTarget, type Target, targetExists } from './target.ts';

/** The folder of definitions that a command means: the one given, or the deployed one. */
export const repositoryFolder = (given: string | undefined, target: Target | undefined): string =>
  given !== undefined ? resolve(given) : resolve(checkout.root, target?.repository ?? 'examples/flights');

/** The folder that `--repository` names, or that was deployed to `--target` or the local cloud; needs no deployment. Throws cli.noTarget, cli.badTarget. */
export function chosenRepository(options: OptionValues): string {
  const given = stringOption(options, 'repository');
  const target = stringOption(options, 'target');
  const isDeployed = given === undefined && (target !== undefined || targetExists());
  return repositoryFolder(given, isDeployed ? readTarget(target) : undefined);
}

/** The compiled definitions of a folder. Throws define.invalid with every error of the repository. */
export async function loadManifest(folder: string): Promise<Manifest> {
  const { repository } = await loadRepository(folder);
  return repository.manifest;
}
