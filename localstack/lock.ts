import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCloudError } from './errors.ts';
import { processStart } from './processes.ts';

const pollMillis = 100;

export interface LockOptions {
  readonly waitMillis: number;
  /** Called once, when another process holds the lock. */
  readonly onWait?: (holderPid: number) => void;
}

/** Runs the action while this process alone holds the lock file; a lock whose holder died is taken over. */
export async function withLock<TResult>(
  file: string,
  options: LockOptions,
  action: () => Promise<TResult>,
): Promise<TResult> {
  await acquire(file, options);
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

async function acquire(file: string, { waitMillis, onWait }: LockOptions): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const deadlineMillis = Date.now() + waitMillis;
  for (let isFirst = true; !tryCreate(file); isFirst = false) {
    const holder = readHolder(file);
    if (holder !== undefined && processStart(holder.pid) !== holder.start) {
      rmSync(file, { force: true });
      continue;
    }
    if (isFirst && holder !== undefined) onWait?.(holder.pid);
    if (Date.now() > deadlineMillis) {
      throw new LocalCloudError(
        'localstack.busy',
        `another process (pid ${holder?.pid ?? 'unknown'}) has held ${file} for ${waitMillis / 1000} s; wait for it or stop it`,
      );
    }
    await sleep(pollMillis);
  }
}

function tryCreate(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, start: processStart(process.pid) }), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false; // node:fs throws nothing else
    throw error;
  }
}

/** Undefined while the holder is still writing, or has just gone. */
function readHolder(file: string): { pid: number; start: string } | undefined {
  try {
    const { pid, start }: { pid?: unknown; start?: unknown } = JSON.parse(readFileSync(file, 'utf8'));
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : undefined;
  } catch {
    return undefined;
  }
}
