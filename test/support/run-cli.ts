import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { checkout } from '#localstack/paths.ts';

export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the `tidemark` command as a process of its own, as a user would: without this process's AWS settings. */
export function startCli(
  words: readonly string[],
  folder: string = checkout.root,
): ChildProcessByStdio<null, Readable, Readable> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS_|TIDEMARK_|NODE_OPTIONS|VITEST)/.test(name)),
  );
  return spawn(join(checkout.nodeModules, '.bin', 'node'), [join(checkout.root, 'cli', 'main.ts'), ...words], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the `tidemark` command to its end. */
export async function runCli(words: readonly string[], folder?: string): Promise<CliRun> {
  const child = startCli(words, folder);
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const text = (chunks: readonly Buffer[] = []): string => Buffer.concat(chunks).toString('utf8');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}
