import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from '#localstack/command.ts';

/** A release of Trino and the Java feature versions that run it, both inclusive. */
export interface TrinoRelease {
  readonly version: string;
  readonly java: { readonly min: number; readonly max: number };
}

/** Newest first. 435 is the last but few for Java 17, and close to what Athena's engine 3 began as. */
export const trinoReleases: readonly TrinoRelease[] = [
  { version: '476', java: { min: 24, max: 25 } },
  { version: '435', java: { min: 17, max: 22 } },
];

export interface Runnable {
  readonly release: TrinoRelease;
  readonly javaHome: string;
}

const systemFolder = '/usr/lib/jvm';

/** Homes of the JDKs of JAVA_HOME, PATH and the system's folder, by feature version. A JRE cannot start a source file and is left out. */
async function installedJdks(): Promise<ReadonlyMap<number, string>> {
  const system = existsSync(systemFolder) ? readdirSync(systemFolder).map((name) => join(systemFolder, name)) : [];
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'java'))
    .filter(existsSync)
    .map((program) => dirname(dirname(realpathSync(program))));
  const homes = [...(process.env.JAVA_HOME ? [process.env.JAVA_HOME] : []), ...onPath, ...system];
  const jdks = new Map<number, string>();
  for (const home of new Set(
    homes.filter((home) => existsSync(join(home, 'bin', 'javac'))).map((home) => realpathSync(home)),
  )) {
    const { output } = await runCommand(join(home, 'bin', 'java'), ['-XshowSettings:properties', '-version']);
    const feature = Number(/java\.specification\.version = (\d+)/.exec(output)?.[1] ?? 0);
    if (!jdks.has(feature)) jdks.set(feature, home);
  }
  return jdks;
}

/** The newest release that a JDK of this machine runs, or the wanted one. Throws a sentence that names the JDKs found and needed. */
export async function findRunnable(wantedVersion?: string): Promise<Runnable> {
  const jdks = await installedJdks();
  const releases = trinoReleases.filter(({ version }) => wantedVersion === undefined || version === wantedVersion);
  for (const release of releases) {
    const feature = [...jdks.keys()].find((one) => one >= release.java.min && one <= release.java.max);
    const javaHome = feature === undefined ? undefined : jdks.get(feature);
    if (javaHome !== undefined) return { release, javaHome };
  }
  const needed = trinoReleases.map(({ version, java }) => `${version} runs on Java ${java.min} to ${java.max}`);
  throw new Error(
    `no JDK here runs Trino ${wantedVersion ?? ''}: ${needed.join(', ')}; found ${[...jdks.keys()].join(', ') || 'none'} in JAVA_HOME, PATH and ${systemFolder}; install one or set JAVA_HOME`,
  );
}
