import { resolve } from 'node:path';
import { loadRepository } from '#define/node/load-repository.ts';
import { checkout } from '#localstack/paths.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { Target } from './target.ts';

/** The folder of definitions that a command means: the one given, or the deployed one. */
export const repositoryFolder = (given: string | undefined, target: Target | undefined): string =>
  given !== undefined ? resolve(given) : resolve(checkout.root, target?.repository ?? 'examples/flights');

/** The compiled definitions of a folder. Throws define.invalid with every error of the repository. */
export async function loadManifest(folder: string): Promise<Manifest> {
  const { repository } = await loadRepository(folder);
  return repository.manifest;
}
