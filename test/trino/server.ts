import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lastLines } from '#localstack/command.ts';
import { freePorts } from '#localstack/free-port.ts';
import { checkout } from '#localstack/paths.ts';
import { trinoClient } from './client.ts';
import { trinoConfiguration } from './configuration.ts';
import type { TrinoInstall } from './install.ts';
import type { Runnable } from './java.ts';

export interface TrinoServer {
  readonly endpoint: string;
  readonly pid: number;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

const startLimitMillis = 600_000; // a quarter of a minute where nothing else runs
const pollMillis = 250;
const politeStopMillis = 20_000;

/**
 * Starts Trino on a free port of the loopback, in a folder of its own, over the catalog and objects of a local cloud. Returns when it
 * answers a query: it says that it has started some seconds before it can run one. Throws with the end of its log.
 */
export async function startTrino(options: {
  readonly runnable: Runnable;
  readonly install: TrinoInstall;
  readonly cloudEndpoint: string;
}): Promise<TrinoServer> {
  const { runnable, install, cloudEndpoint } = options;
  const [port = 0] = await freePorts(1);
  const root = join(checkout.root, '.tidemark', 'trino', `run-${process.pid}`);
  const files = trinoConfiguration({ release: runnable.release, port, cloudEndpoint });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'etc', path)), { recursive: true });
    writeFileSync(join(root, 'etc', path), text);
  }
  const logFile = join(root, 'server.log');
  const log = openSync(logFile, 'w');
  const child = spawn(join(runnable.javaHome, 'bin', 'java'), javaArguments(runnable, install), {
    cwd: root,
    env: {},
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const endOfParent = () => child.kill('SIGKILL');
  process.on('exit', endOfParent);
  const stop = async (): Promise<void> => {
    await end(child);
    process.off('exit', endOfParent);
    rmSync(root, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const problem = await untilReady(endpoint, child);
  if (problem === undefined && child.pid !== undefined) return { endpoint, pid: child.pid, stop };
  const lines = lastLines(readFileSync(logFile, 'utf8'), 30);
  await stop();
  throw new Error(`Trino ${install.version} did not start: ${problem}; its log ends with:\n${lines}`);
}

function javaArguments({ release }: Runnable, { lib, plugin, version }: TrinoInstall): readonly string[] {
  return [
    '-Xmx2G',
    '-XX:+UseG1GC',
    '-XX:TieredStopAtLevel=1', // most code runs for one statement only
    '-XX:ReservedCodeCacheSize=256M',
    '-XX:ActiveProcessorCount=2',
    '-Duser.timezone=UTC',
    '-Dfile.encoding=UTF-8', // before Java 18 it is the environment's, which is empty
    '-Djdk.attach.allowAttachSelf=true',
    ...(release.java.min >= 24 ? ['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=ALL-UNNAMED'] : []),
    '-Dnode.environment=test',
    '-Dnode.id=tidemark',
    '-Dnode.data-dir=var',
    '-Dlog.levels-file=etc/log.properties',
    '-Dconfig=etc/config.properties',
    `-Dplugin.dir=${plugin}`,
    '-Dcatalog.config-dir=etc/catalog',
    '-cp',
    join(lib, '*'),
    join(import.meta.dirname, 'StartTrino.java'),
    version,
  ];
}

/** Undefined once a query has been answered, else why none ever will be. */
async function untilReady(endpoint: string, child: ChildProcess): Promise<string | undefined> {
  const deadlineMillis = Date.now() + startLimitMillis;
  for (;;) {
    const answer = await trinoClient(endpoint)
      .query('SELECT 1')
      .catch(() => []);
    if (answer.length === 1) return undefined;
    if (child.exitCode !== null || child.signalCode !== null) return 'it ended while starting';
    if (Date.now() > deadlineMillis) return `not ready after ${startLimitMillis / 1000} s`;
    await wait(pollMillis);
  }
}

async function end(child: ChildProcess): Promise<void> {
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const gone = new Promise<void>((resolve) => (isRunning() ? child.once('exit', () => resolve()) : resolve()));
  child.kill('SIGTERM');
  await Promise.race([gone, wait(politeStopMillis, undefined, { ref: false })]);
  if (isRunning()) child.kill('SIGKILL');
  await gone;
}
