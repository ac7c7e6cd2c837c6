import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from './command.ts';
import type { CallerEnvironment } from './environment.ts';
import { LocalCloudError } from './errors.ts';
import { checkout, type InstallPaths } from './paths.ts';
import { constraintsFile, dynamodbLocalPom, pins } from './pins.ts';
import type { Prerequisites } from './prerequisites.ts';

export interface StepContext {
  readonly paths: InstallPaths;
  readonly prerequisites: Prerequisites;
  readonly environment: CallerEnvironment;
}

/** uv takes 7 s for this list where pip takes 61 s. It comes from the same package index as everything else. */
export async function installPython(context: StepContext): Promise<void> {
  const { paths, prerequisites } = context;
  const uvHome = join(paths.root, 'uv');
  rmSync(uvHome, { recursive: true, force: true });
  rmSync(join(paths.root, 'python'), { recursive: true, force: true });
  await must(context, prerequisites.python, ['-m', 'venv', uvHome]);
  await must(context, join(uvHome, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', `uv==${pins.uv}`]);
  const python = prerequisites.pythonIsWanted ? prerequisites.python : await fetchPython(context);
  await must(context, uvProgram(paths), ['venv', '--quiet', '--python', python, join(paths.root, 'python')]);
  await must(context, uvProgram(paths), [
    'pip',
    'install',
    '--quiet',
    '--python',
    paths.python,
    '--requirement',
    constraintsFile,
  ]);
}

/** The last resort: needs a host beyond the package registries, so it fails where only those answer. */
async function fetchPython(context: StepContext): Promise<string> {
  await must(context, uvProgram(context.paths), ['python', 'install', pins.python]);
  return pins.python;
}

export async function installDynamodbLocal(context: StepContext): Promise<void> {
  const { paths, prerequisites } = context;
  rmSync(paths.dynamodbJars, { recursive: true, force: true });
  await must(context, prerequisites.maven, [
    '--quiet',
    '--batch-mode',
    '--file',
    dynamodbLocalPom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${paths.dynamodbJars}`,
  ]);
}

export async function installKinesisMock(context: StepContext): Promise<void> {
  const folder = join(context.paths.kinesis, pins.kinesisMock);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await must(context, 'npm', [
    'install',
    '--no-fund',
    '--no-audit',
    '--prefix',
    folder,
    `kinesis-local@${pins.kinesisMock}`,
  ]);
}

/** Editable, so a changed module needs a restart only. The list of entry points is cached under `cache/`. */
export async function installPlugin(context: StepContext): Promise<void> {
  const { paths } = context;
  rmSync(paths.cache, { recursive: true, force: true });
  await must(context, uvProgram(paths), [
    'pip',
    'install',
    '--quiet',
    '--python',
    paths.python,
    '--no-deps',
    '--reinstall',
    '--editable',
    checkout.plugin,
  ]);
}

function uvProgram(paths: InstallPaths): string {
  return join(paths.root, 'uv', 'bin', 'uv');
}

async function must({ environment }: StepContext, program: string, programArguments: readonly string[]): Promise<void> {
  const { exitCode, output } = await runCommand(program, programArguments, { env: environment.all });
  if (exitCode === 0) return;
  const command = [program, ...programArguments].join(' ');
  throw new LocalCloudError(
    'localstack.installFailed',
    `"${command}" ended with exit code ${exitCode}:\n${lastLines(output)}`,
  );
}
