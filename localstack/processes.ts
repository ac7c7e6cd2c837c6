import { readdirSync, readFileSync } from 'node:fs';

/**
 * The kernel's start time of a process (clock ticks since boot), or undefined when there is none.
 * Pid and start together name a process for good, where a pid alone is used again.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the program's name may hold spaces
    return fields[0] === 'Z' ? undefined : fields[19]; // a zombie has ended; field 22 of proc(5)
  } catch {
    return undefined;
  }
}

/** Pids of all processes that were given this environment entry, whatever group or session they moved to. */
export function processesWithEnvironment(entry: string): readonly number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => pid !== process.pid && hasEnvironment(pid, entry));
}

function hasEnvironment(pid: number, entry: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${entry}\0`);
  } catch {
    return false; // ended meanwhile, or another user's
  }
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // process.kill throws nothing else
  }
}
