import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LocalCloudError } from './errors.ts';
import { hashOf } from './hash.ts';

const repositoryRoot = resolve(import.meta.dirname, '..');

/** Folders of the checkout. Everything the runner writes is under `.tidemark/`. */
export const checkout = {
  root: repositoryRoot,
  nodeModules: join(repositoryRoot, 'node_modules'),
  pins: join(import.meta.dirname, 'pins'),
  plugin: join(import.meta.dirname, 'plugin'),
  cloud: join(repositoryRoot, '.tidemark', 'cloud'),
  runs: join(repositoryRoot, '.tidemark', 'run'),
} as const;

export interface InstallPaths {
  readonly root: string;
  readonly python: string;
  readonly dynamodbJars: string;
  readonly kinesis: string;
  readonly cache: string;
  readonly doneMarks: string;
}

export function installPaths(pinsHash: string): InstallPaths {
  const root = join(checkout.cloud, `install-${pinsHash}`);
  return {
    root,
    python: join(root, 'python', 'bin', 'python'),
    dynamodbJars: join(root, 'dynamodb-local'),
    kinesis: join(root, 'kinesis-local'),
    cache: join(root, 'cache'),
    doneMarks: join(root, 'done'),
  };
}

export interface RunPaths {
  readonly root: string;
  /** In the environment of every process of the instance; the same at every start, and another in every checkout. */
  readonly cloudId: string;
  readonly state: string;
  readonly log: string;
  /** Outside the checkout: a function unpacked inside it could import the checkout's packages, which AWS has not. */
  readonly temporary: string;
  readonly filesystem: string;
}

/** Throws localstack.badName unless the name can be a folder name of its own. */
export function runPaths(name: string): RunPaths {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name)) {
    throw new LocalCloudError(
      'localstack.badName',
      `name must match [a-z0-9][a-z0-9-]{0,39}, got "${name}"; use for example dev`,
    );
  }
  const root = join(checkout.runs, name);
  const cloudId = `${name}-${hashOf([root])}`;
  return {
    root,
    cloudId,
    state: join(root, 'cloud.json'),
    log: join(root, 'localstack.log'),
    temporary: join(tmpdir(), `tidemark-${cloudId}`),
    filesystem: join(root, 'filesystem'),
  };
}
