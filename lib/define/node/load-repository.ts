import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Repository, Transform } from '#spec/transform.ts';
import { accessProblems } from '../check-access.ts';
import { stageProblems } from '../check-stages.ts';
import { collect } from '../compile/collect.ts';
import { Problems } from '../compile/problems.ts';
import { compile } from '../compile.ts';
import { bundleRepository, transformHash } from './bundle-transforms.ts';
import { checkBundle } from './check-bundle.ts';
import { configFile, type LoadedConfig, loadConfig, wrong } from './load-config.ts';
import { type TransformExport, transformExports } from './transform-exports.ts';

/** A folder of definitions, loaded and compiled. */
export interface LoadedRepository {
  /** Absolute path. */
  readonly folder: string;
  readonly config: LoadedConfig;
  readonly repository: Repository;
  /** `file:line` of every view and service by `name@version`, relative to the folder. */
  readonly origins: Readonly<Record<string, string>>;
}

/**
 * Loads `tidemark.config.ts` of a folder and compiles what it defines. Throws define.noConfig, define.configFailed,
 * define.wrongConfig, or define.invalid with everything that is wrong with the definitions.
 */
export async function loadRepository(folder: string): Promise<LoadedRepository> {
  const { transforms, ...loaded } = await load(folder);
  return loaded;
}

/**
 * Loads a folder and writes the module that Lambda bundles include: it exports `repository` (manifest and transforms) and imports
 * nothing of theirs. The file is replaced as a whole. Throws as loadRepository does, and define.bundleDiffers.
 */
export async function writeRepositoryModule(folder: string, outFile: string): Promise<LoadedRepository> {
  const { transforms, ...loaded } = await load(folder);
  const text = await bundleRepository({ ...loaded.repository, folder: loaded.folder }, transforms);
  await checkBundle(text, { manifest: loaded.repository.manifest, transforms });
  await mkdir(dirname(outFile), { recursive: true });
  const draft = `${outFile}.${process.pid}.draft`;
  await writeFile(draft, text);
  await rename(draft, outFile);
  return loaded;
}

async function load(given: string): Promise<LoadedRepository & { readonly transforms: readonly TransformExport[] }> {
  const folder = resolve(given);
  const config = await loadConfig(folder);
  const { project, definitions, access } = config;
  // Once without hashes: definitions that are wrong are reported before any bundler sees them.
  compile(definitions, { project, folder });
  const transforms = await transformExports(definitions, folder);
  const hashes = await Promise.all(
    transforms.map(async (transform) => [transform.viewId, await transformHash(transform)] as const),
  );
  const manifest = compile(definitions, { project, folder, transformHashes: Object.fromEntries(hashes) });
  const problems = [
    ...(access ? accessProblems(access, manifest, Object.keys(config.stages)) : []),
    ...stageProblems(config.stages, manifest),
  ];
  if (problems.length > 0) throw wrong(join(folder, configFile), problems.join('; '));
  return {
    folder,
    config,
    repository: {
      manifest,
      access,
      transforms: Object.fromEntries(transforms.map(({ viewId, view }) => [viewId, callable(view)])),
    },
    origins: originsOf(definitions, folder),
    transforms,
  };
}

/** The transform of a view, whose input types the manifest knows, as one of any inputs. */
const callable = (view: TransformExport['view']): Transform => {
  const transform: unknown = view.transform;
  return transform as Transform; // compile has checked it with values of its declared types
};

function originsOf(definitions: LoadedConfig['definitions'], folder: string): Readonly<Record<string, string>> {
  const places = new Problems(folder);
  const { views, services } = collect(definitions);
  return Object.fromEntries(
    [...views, ...services].map(({ name, version, origin }) => [`${name}@${version}`, places.place(origin)]),
  );
}
