import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from '#localstack/command.ts';
import { withLock } from '#localstack/lock.ts';
import { checkout } from '#localstack/paths.ts';
import { type Report, timed } from '#localstack/report.ts';

export interface TrinoInstall {
  readonly version: string;
  /** Jars of the server. */
  readonly lib: string;
  /** Folder of plugins: the Hive connector. */
  readonly plugin: string;
}

const pom = join(import.meta.dirname, 'trino.pom.xml');

/** A third of the connector serves file systems and statistics that no statement here touches: 101 MB. */
const unusedJars = [
  'rocksdb',
  'netty-codec-native-quic',
  'io.grpc',
  'com.google.cloud',
  'com.google.apis',
  'com.google.api_',
  'com.google.auth',
  'conscrypt',
  'azure-storage',
  'opencensus',
];

/**
 * Fetches a release with Maven into `.tidemark/trino/<version>`, unless it is there: 250 to 350 MB once. The tarball of the server is not
 * taken: it is four times that, and not published for every release. Throws with Maven's own words.
 */
export async function installTrino(version: string, report: Report): Promise<TrinoInstall> {
  const root = join(checkout.root, '.tidemark', 'trino', version);
  const install = { version, lib: join(root, 'lib'), plugin: join(root, 'plugin') };
  const mark = join(root, 'done');
  if (existsSync(mark)) return install;
  await withLock(`${root}.lock`, { waitMillis: 900_000 }, async () => {
    if (existsSync(mark)) return; // by the process that held the lock before
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    await timed(report, `fetch Trino ${version}`, () =>
      maven(root, [
        '--file',
        pom,
        `-Dtrino.version=${version}`,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${install.lib}`,
      ]),
    );
    await timed(report, 'fetch its Hive connector', () =>
      maven(root, [
        'dependency:unpack',
        `-Dartifact=io.trino:trino-hive:${version}:zip`,
        `-DoutputDirectory=${install.plugin}`,
        `-Dmdep.unpack.excludes=${unusedJars.map((name) => `**/*${name}*.jar`).join(',')}`,
      ]),
    );
    writeFileSync(mark, '');
  });
  return install;
}

/** Runs in the install's folder: without a project, Maven leaves a folder of marks where it runs. */
async function maven(cwd: string, goals: readonly string[]): Promise<void> {
  const { exitCode, output } = await runCommand('mvn', ['--quiet', '--batch-mode', ...goals], {
    cwd,
    env: process.env,
  });
  if (exitCode !== 0)
    throw new Error(`"mvn ${goals.join(' ')}" ended with exit code ${exitCode}:\n${lastLines(output)}`);
}
