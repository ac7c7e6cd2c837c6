import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './command.ts';
import { type EmulatorSettings, emulatorEnvironment } from './emulator-environment.ts';
import { callerEnvironment } from './environment.ts';
import { LocalCloudError } from './errors.ts';
import { checkout, type RunPaths } from './paths.ts';
import { processesWithEnvironment, processStart, signal } from './processes.ts';

const pollMillis = 100;
const startLimitMillis = 120_000;
const politeStopMillis = 3_000; // nothing is kept, so nothing is lost by killing it
const forcedStopMillis = 5_000;

export interface Emulator {
  readonly pid: number;
  readonly pidStart: string;
}

/** Starts LocalStack and returns when its gateway, our plugin and DynamoDB Local answer. */
export async function startEmulator(settings: EmulatorSettings): Promise<Emulator> {
  const { install, run, port } = settings;
  prepareFolders(settings);
  const log = openSync(run.log, 'w');
  const child = spawn(install.paths.python, ['-m', 'localstack.runtime.main'], {
    cwd: run.root,
    env: emulatorEnvironment(callerEnvironment(), settings),
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  child.unref();
  try {
    await ready(
      `http://127.0.0.1:${port}/_tidemark/status`,
      () => child.exitCode === null && child.signalCode === null,
      run.log,
    );
  } catch (error) {
    await stopEmulator(run.cloudId);
    throw error;
  }
  const pid = child.pid;
  const pidStart = pid === undefined ? undefined : processStart(pid);
  if (pid === undefined || pidStart === undefined) throw startFailed('it ended as soon as it was ready', run.log);
  return { pid, pidStart };
}

/** LocalStack looks for its helpers under a file system root of its own; they are links into the shared install. */
function prepareFolders({ install, run }: EmulatorSettings): void {
  removeRunFolders(run);
  mkdirSync(run.root, { recursive: true });
  link(install.paths.kinesis, join(run.filesystem, 'var', 'lib', 'localstack', 'lib', 'kinesis-local'));
  // Functions are unpacked below the temporary folder. As in AWS they find the SDK, and are CommonJS unless they say so.
  for (const scope of ['@aws-sdk', '@smithy'])
    link(join(checkout.nodeModules, scope), join(run.temporary, 'node_modules', scope));
  writeFileSync(join(run.temporary, 'package.json'), '{}');
}

export function removeRunFolders(run: RunPaths): void {
  for (const folder of [run.temporary, run.filesystem]) rmSync(folder, { recursive: true, force: true });
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

async function ready(url: string, isAlive: () => boolean, log: string): Promise<void> {
  const deadlineMillis = Date.now() + startLimitMillis;
  while (!(await answersReady(url))) {
    if (!isAlive()) throw startFailed('it ended while starting', log);
    if (Date.now() > deadlineMillis) throw startFailed(`not ready after ${startLimitMillis / 1000} s`, log);
    await sleep(pollMillis);
  }
}

/** True when the instance at this address says that all its parts are up. */
async function answersReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null && 'ready' in body && body.ready === true;
  } catch {
    return false; // not listening yet, or LocalStack's own page for an unknown path
  }
}

function startFailed(reason: string, log: string): LocalCloudError {
  const output = existsSync(log) ? lastLines(readFileSync(log, 'utf8')) : '';
  return new LocalCloudError(
    'localstack.startFailed',
    `LocalStack did not start: ${reason}; the log ${log} ends with:\n${output}`,
  );
}

/**
 * Stops every process of an instance and returns when all are gone. They are known by the TIDEMARK_CLOUD_ID in
 * their environment: LocalStack puts its helpers into sessions of their own, so a process group would miss them.
 */
export async function stopEmulator(cloudId: string, leaderPid?: number): Promise<void> {
  // A process that is ending loses its environment a moment before it is gone, so those that were seen are watched by pid.
  const seen = new Map<number, string | undefined>();
  const running = (): readonly number[] => {
    for (const pid of processesWithEnvironment(`TIDEMARK_CLOUD_ID=${cloudId}`))
      if (!seen.has(pid)) seen.set(pid, processStart(pid));
    return [...seen].filter(([pid, start]) => start !== undefined && processStart(pid) === start).map(([pid]) => pid);
  };
  const isGone = () => running().length === 0;
  const first = leaderPid === undefined ? running() : running().filter((pid) => pid === leaderPid);
  for (const pid of first) signal(pid, 'SIGTERM');
  if ((await waitUntil(() => first.every((pid) => processStart(pid) === undefined), politeStopMillis)) && isGone())
    return;
  for (const pid of running()) signal(pid, 'SIGKILL');
  if (!(await waitUntil(isGone, forcedStopMillis))) {
    throw new LocalCloudError(
      'localstack.stopFailed',
      `processes ${running().join(', ')} of the local cloud did not end when killed`,
    );
  }
}

async function waitUntil(condition: () => boolean, limitMillis: number): Promise<boolean> {
  const deadlineMillis = Date.now() + limitMillis;
  while (!condition()) {
    if (Date.now() > deadlineMillis) return false;
    await sleep(pollMillis);
  }
  return true;
}
