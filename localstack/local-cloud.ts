import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeRunFolders, startEmulator, stopEmulator } from './emulator.ts';
import { accountId, region } from './emulator-environment.ts';
import { assertPortFree, freePorts } from './free-port.ts';
import { hashOf } from './hash.ts';
import { ensureInstalled } from './install.ts';
import { withLock } from './lock.ts';
import { checkout, runPaths } from './paths.ts';
import { pins } from './pins.ts';
import { processStart } from './processes.ts';
import { type Report, silent, timed } from './report.ts';
import { type RunState, readRunState, removeRunState, writeRunState } from './run-state.ts';

export const defaultName = 'dev';
export const defaultPort = 4566;

export interface StartOptions {
  /** Names the instance: instances of different names run side by side. @default - dev */
  readonly name?: string;
  /** 0 takes any free port. Not looked at when the instance runs already. @default - 4566 */
  readonly port?: number;
  /** @default - nothing is told */
  readonly report?: Report;
}

export type LocalCloud = RunState;

export interface StartedCloud extends LocalCloud {
  /** False when it ran already. */
  readonly isNew: boolean;
}

export type LocalCloudStatus =
  | { readonly name: string; readonly state: 'stopped' }
  | (LocalCloud & { readonly state: 'running'; readonly uptimeSeconds: number; readonly isPluginStale: boolean });

/** Installs what is missing and starts the instance unless it runs. Throws LocalCloudError. */
export async function startLocalCloud({
  name = defaultName,
  port = defaultPort,
  report = silent,
}: StartOptions = {}): Promise<StartedCloud> {
  return await withRunLock(name, async () => {
    const running = runningState(name);
    if (running !== undefined) return { ...running, isNew: false };
    await stopEmulator(runPaths(name).cloudId); // what an instance that died, or a start that was interrupted, left behind
    removeRunState(name);
    const install = await ensureInstalled(report);
    const [freePort = 0, dynamodbPort = 0] = await freePorts(2);
    if (port !== 0) await assertPortFree(port);
    const settings = { install, run: runPaths(name), port: port === 0 ? freePort : port, dynamodbPort };
    const emulator = await timed(report, `start ${name}`, () => startEmulator(settings));
    const state: RunState = {
      name,
      endpoint: `http://127.0.0.1:${settings.port}`,
      port: settings.port,
      dynamodbEndpoint: `http://127.0.0.1:${dynamodbPort}`,
      region,
      accountId,
      ...emulator,
      cloudId: settings.run.cloudId,
      startedAt: new Date().toISOString(),
      logFile: settings.run.log,
      versions: {
        localstack: pins.localstack,
        dynamodbLocal: pins.dynamodbLocal,
        kinesisMock: pins.kinesisMock,
        python: pins.python,
      },
      pluginSourcesHash: pluginSourcesHash(),
    };
    writeRunState(state);
    return { ...state, isNew: true };
  });
}

/** Stops the instance and everything it started, and removes its data. Returns false when it was not running. */
export async function stopLocalCloud(name: string = defaultName): Promise<boolean> {
  return await withRunLock(name, async () => {
    const running = runningState(name);
    await stopEmulator(runPaths(name).cloudId, running?.pid);
    removeRunState(name);
    removeRunFolders(runPaths(name));
    return running !== undefined;
  });
}

/** Looks at the state file and the process only: asks nothing of the instance itself. */
export function localCloudStatus(name: string = defaultName): LocalCloudStatus {
  const state = runningState(name);
  if (state === undefined) return { name, state: 'stopped' };
  const uptimeSeconds = Math.round((Date.now() - Date.parse(state.startedAt)) / 1000);
  return { ...state, state: 'running', uptimeSeconds, isPluginStale: state.pluginSourcesHash !== pluginSourcesHash() };
}

function runningState(name: string): RunState | undefined {
  const state = readRunState(name);
  return state !== undefined && isOurs(state) ? state : undefined;
}

function isOurs({ pid, pidStart }: RunState): boolean {
  return processStart(pid) === pidStart;
}

async function withRunLock<TResult>(name: string, action: () => Promise<TResult>): Promise<TResult> {
  return await withLock(`${runPaths(name).root}.lock`, { waitMillis: 900_000 }, action);
}

function pluginSourcesHash(): string {
  const files = globSync('{pyproject.toml,src/**/*.{py,mjs}}', { cwd: checkout.plugin }).sort();
  return hashOf(files.flatMap((file) => [file, readFileSync(join(checkout.plugin, file))]));
}
