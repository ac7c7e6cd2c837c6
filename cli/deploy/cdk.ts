import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '#localstack/paths.ts';
import { TidemarkError } from '#spec/errors.ts';

export interface CdkRun {
  readonly stage: string;
  /** Folder of the definitions, relative to the checkout.root or absolute. */
  readonly repository: string;
  /** To the local cloud: the app leaves out what it does not have. */
  readonly isLocal: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly talk: (line: string) => void;
}

/** Runs the CDK's CLI in the checkout.root; its talk is kept and told only when it fails. */
async function cdk(words: readonly string[], { stage, repository, isLocal, environment }: CdkRun): Promise<void> {
  const context = [`stage=${stage}`, `repository=${repository}`, ...(isLocal ? ['cloud=local'] : [])];
  const program = join(checkout.root, 'node_modules', '.bin', 'cdk');
  const env = {
    ...process.env,
    ...environment,
    PATH: `${join(checkout.root, 'node_modules', '.bin')}:${process.env.PATH}`,
    CDK_DISABLE_VERSION_CHECK: '1',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
  const child = spawn(program, [...words, ...context.flatMap((each) => ['-c', each]), '--no-notices', '--no-color'], {
    cwd: checkout.root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number>((resolve) => child.on('close', (exitCode) => resolve(exitCode ?? 1)));
  if (code === 0) return;
  const said = Buffer.concat(chunks)
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .slice(-25)
    .map((line) => line.slice(0, 300))
    .join('\n');
  throw new TidemarkError('cli.deployFailed', `cdk ${words[0]} failed; its last words:\n${said}`, { kind: 'failed' });
}

/** Makes the account able to receive CDK assets. Without the app: its bundles are not needed for this. */
export const bootstrap = (run: CdkRun, account: string, region: string): Promise<void> =>
  cdk(['bootstrap', '--app', '', `aws://${account}/${region}`], run);

/** Deploys all stacks and returns their outputs by name (names are unique over stacks). */
export async function deployStacks(run: CdkRun): Promise<Readonly<Record<string, string>>> {
  const folder = join(checkout.root, '.tidemark', 'deploy');
  mkdirSync(folder, { recursive: true });
  const outputsFile = join(folder, `outputs-${process.pid}.json`);
  const assembly = join(folder, `cdk.out-${process.pid}`);
  try {
    await cdk(
      [
        'deploy',
        '--all',
        '--require-approval',
        'never',
        '--concurrency',
        '4',
        '--outputs-file',
        outputsFile,
        '--output',
        assembly,
      ],
      run,
    );
    const outputs = JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, Record<string, string>>; // the CDK's documented form
    return Object.assign({}, ...Object.values(outputs)) as Record<string, string>; // flattened: stack names do not matter
  } finally {
    rmSync(outputsFile, { force: true });
    rmSync(assembly, { recursive: true, force: true });
  }
}
