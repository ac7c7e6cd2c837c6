import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from './command.ts';
import { hashOf } from './hash.ts';
import { ensureInstalled } from './install.ts';
import { withLock } from './lock.ts';
import { checkout } from './paths.ts';

const installMillis = 600_000;

/**
 * A Python of the local cloud's version with the packages of a requirements file, in an environment of its own beside the cloud's: made at
 * its first use, and again when the file changes. Returns the interpreter's path.
 */
export async function pythonEnvironment(name: string, requirements: string): Promise<string> {
  const { paths } = await ensureInstalled(tell);
  const root = join(checkout.cloud, `${name}-${hashOf([paths.root, readFileSync(requirements)])}`);
  const python = join(root, 'bin', 'python');
  const done = join(root, 'done');
  await withLock(`${root}.lock`, { waitMillis: installMillis }, async () => {
    if (existsSync(done)) return;
    rmSync(root, { recursive: true, force: true });
    const uv = join(paths.root, 'uv', 'bin', 'uv');
    await must(uv, ['venv', '--quiet', '--python', paths.python, root]);
    await must(uv, ['pip', 'install', '--quiet', '--python', python, '--requirement', requirements]);
    writeFileSync(done, '');
  });
  return python;
}

async function must(program: string, words: readonly string[]): Promise<void> {
  const { exitCode, output } = await runCommand(program, words, { env: process.env });
  if (exitCode !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${exitCode}:\n${lastLines(output)}`);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
