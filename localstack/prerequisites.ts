import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { CallerEnvironment } from './environment.ts';
import { LocalCloudError } from './errors.ts';

export interface Prerequisites {
  /** A Python 3.13 that runs, or one old enough only to fetch uv, which then installs 3.13. */
  readonly python: string;
  readonly pythonIsWanted: boolean;
  readonly javaHome: string;
  readonly maven: string;
}

type Found<TValue> = { readonly found: TValue } | { readonly missing: string };

/** Finds Python, Java and Maven, or throws one error that names everything that is missing and how to get it. */
export async function findPrerequisites(environment: CallerEnvironment): Promise<Prerequisites> {
  const [python, java, maven] = await Promise.all([
    findPython(environment),
    findJava(environment),
    findMaven(environment),
  ]);
  const missing = [python, java, maven].flatMap((result) => ('missing' in result ? [result.missing] : []));
  if ('missing' in python || 'missing' in java || 'missing' in maven) {
    throw new LocalCloudError(
      'localstack.prerequisiteMissing',
      `the local cloud needs programs that are not here:\n${missing.map((line) => `  - ${line}`).join('\n')}`,
    );
  }
  return {
    python: python.found.program,
    pythonIsWanted: python.found.isWanted,
    javaHome: java.found,
    maven: maven.found,
  };
}

/** A pyenv shim named python3.13 may exist and fail, so a Python counts only once it has run. */
async function findPython({
  path,
  pyenvRoot,
  all,
}: CallerEnvironment): Promise<Found<{ program: string; isWanted: boolean }>> {
  const options = { env: { ...all, PATH: path } };
  for (const program of ['python3.13', ...pyenvPythons(pyenvRoot), 'python3']) {
    const { exitCode, output } = await runCommand(program, ['--version'], options);
    if (exitCode === 0 && /^Python 3\.13\./m.test(output)) return { found: { program, isWanted: true } };
  }
  const { exitCode, output } = await runCommand('python3', ['--version'], options);
  const minor = Number(/^Python 3\.(\d+)\./m.exec(output)?.[1] ?? 0);
  if (exitCode === 0 && minor >= 9) return { found: { program: 'python3', isWanted: false } };
  return {
    missing: `Python 3.13: no python3.13 that runs, none under ${pyenvRoot}/versions, and no python3 to fetch one; install it with "pyenv install 3.13" or your system's packages`,
  };
}

function pyenvPythons(pyenvRoot: string): readonly string[] {
  try {
    const versions = readdirSync(join(pyenvRoot, 'versions')).filter((version) => version.startsWith('3.13'));
    return versions.map((version) => join(pyenvRoot, 'versions', version, 'bin', 'python3.13'));
  } catch {
    return []; // no pyenv here
  }
}

async function findJava({ javaHome, path, all }: CallerEnvironment): Promise<Found<string>> {
  const seen: string[] = [];
  for (const program of [...(javaHome ? [join(javaHome, 'bin', 'java')] : []), 'java']) {
    const { exitCode, output } = await runCommand(program, ['-XshowSettings:properties', '-version'], {
      env: { ...all, PATH: path },
    });
    if (exitCode !== 0) continue;
    const major = Number(/java\.specification\.version = (?:1\.)?(\d+)/.exec(output)?.[1] ?? 0);
    const home = /java\.home = (.+)/.exec(output)?.[1]?.trim();
    if (major >= 17 && home) return { found: realpathSync(home) };
    seen.push(`${program} is Java ${major}`);
  }
  return {
    missing: `Java 17 or later: ${seen.join(', ') || 'no java on PATH and no JAVA_HOME'}; install a JDK, for example the package openjdk-17-jdk, or set JAVA_HOME`,
  };
}

async function findMaven({ path, all }: CallerEnvironment): Promise<Found<string>> {
  const { exitCode } = await runCommand('mvn', ['--version'], { env: { ...all, PATH: path } });
  return exitCode === 0
    ? { found: 'mvn' }
    : { missing: 'Maven: no mvn on PATH that runs; install it, for example the package maven' };
}
