import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from '#localstack/command.ts';
import { hashOf } from '#localstack/hash.ts';
import { ensureInstalled } from '#localstack/install.ts';
import { withLock } from '#localstack/lock.ts';
import { checkout } from '#localstack/paths.ts';

export const clientFolder = join(checkout.root, 'clients', 'python');
const requirements = join(clientFolder, 'requirements-test.txt');
const installMillis = 600_000;

/**
 * The Python that the client's tests and the tutorial run with: an environment of their own beside the local cloud's, made at its
 * first use (11 s where nothing is cached). It has pandas, pyarrow and scikit-learn; the client itself is read from the checkout.
 */
export async function clientPython(): Promise<string> {
  const { paths } = await ensureInstalled(tell);
  const root = join(checkout.cloud, `python-client-${hashOf([paths.root, readFileSync(requirements)])}`);
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
