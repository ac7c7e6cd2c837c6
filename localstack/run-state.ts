import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { runPaths } from './paths.ts';

/** `cloud.json` of one running instance. */
export interface RunState {
  readonly name: string;
  readonly endpoint: string;
  readonly port: number;
  /** DynamoDB Local itself, past LocalStack's gateway: same tables, an order of magnitude faster. */
  readonly dynamodbEndpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly pid: number;
  /** The kernel's start time of `pid`: a pid that was given to another program is not ours. */
  readonly pidStart: string;
  /** The value of TIDEMARK_CLOUD_ID in every process of this instance. */
  readonly cloudId: string;
  readonly startedAt: string;
  readonly logFile: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Hash of the plugin's sources when it was started. */
  readonly pluginSourcesHash: string;
}

/** Undefined when the instance was never started, was stopped, or its file cannot be read. */
export function readRunState(name: string): RunState | undefined {
  try {
    const state: unknown = JSON.parse(readFileSync(runPaths(name).state, 'utf8'));
    return isRunState(state) ? state : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeRunState(state: RunState): void {
  const { state: file } = runPaths(state.name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file); // readers see the old file or the new one
}

export function removeRunState(name: string): void {
  rmSync(runPaths(name).state, { force: true });
}

function isRunState(value: unknown): value is RunState {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, pidStart, cloudId, endpoint, dynamodbEndpoint } = value as Partial<RunState>; // checked below
  const texts = [pidStart, cloudId, endpoint, dynamodbEndpoint];
  return typeof pid === 'number' && texts.every((text) => typeof text === 'string');
}
