import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const startMillis = 180_000;
/** Of the kernel's clock of processes: a hundredth of a second on every Linux there is. */
const tickMillis = 10;

/** A server that runs as a process, perhaps with children, and what it has used. */
export interface ServerProcess {
  readonly url: string;
  /** Milliseconds of CPU of all its processes so far. */
  cpuMillis(): number;
  /** Bytes of memory of all its processes now. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Starts a server and waits until GET of `health` is answered. `log` is a file that takes what it prints. */
export async function startServer(
  command: readonly [string, ...string[]],
  options: { readonly url: string; readonly health: string; readonly log: number } & Pick<SpawnOptions, 'cwd' | 'env'>,
): Promise<ServerProcess> {
  const { url, health, log, ...spawning } = options;
  const [program, ...words] = command;
  const child = spawn(program, words, { ...spawning, stdio: ['ignore', log, log] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await untilHealthy(child, url + health);
  } catch (error) {
    await stop();
    throw error;
  }
  const { pid = 0 } = child;
  return {
    url,
    cpuMillis: () => sum(familyOf(pid).map((of) => cpuTicks(of) * tickMillis)),
    residentBytes: () => sum(familyOf(pid).map(residentBytes)),
    stop,
  };
}

async function untilHealthy(child: ChildProcess, url: string): Promise<void> {
  for (const deadlineMillis = Date.now() + startMillis; ; ) {
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false, // not listening yet
    );
    if (isUp) return;
    if (child.exitCode !== null || Date.now() > deadlineMillis)
      throw new Error(`the server at ${url} did not start (exit code ${child.exitCode})`);
    await sleep(100);
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** A process and all that it has started. */
function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(familyOf)];
}

/** User and system time of all threads: fields 14 and 15, counted after the name, which may hold anything. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, user = 0, system = 0] = /^(?:\S+ ){11}(\d+) (\d+)/.exec(stat.slice(stat.lastIndexOf(')') + 2)) ?? [];
  return Number(user) + Number(system);
}

const residentBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
