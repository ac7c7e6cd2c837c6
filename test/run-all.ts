import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs every suite (vitest, then pytest of the local cloud and of the Python client), and ends with one line that counts all tests. Exits 1 when any failed. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const folder = mkdtempSync(join(tmpdir(), 'tidemark-tests-'));

function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    });
    child.on('close', (code) => resolve({ status: code ?? 1, output }));
  });
}

async function vitest(): Promise<Counts> {
  const countsFile = join(folder, 'vitest.json');
  const { status } = await run('node', ['node_modules/vitest/vitest.mjs', 'run'], { TIDEMARK_TEST_COUNTS: countsFile });
  const counts: Counts = existsSync(countsFile)
    ? JSON.parse(readFileSync(countsFile, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  // A suite that cannot even be loaded fails the run without failing a test.
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

async function pytest(script: string): Promise<Counts> {
  const { status, output } = await run('node', [script]);
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(output.slice(-2000))?.[1] ?? 0);
  const counts = { passed: count('passed'), failed: count('failed') + count('error'), skipped: count('skipped') };
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

const results = [await vitest(), await pytest('localstack/run-tests.ts'), await pytest('test/python-client.ts')];
rmSync(folder, { recursive: true });
const total = (key: keyof Counts): number => results.reduce((sum, counts) => sum + counts[key], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
process.exitCode = total('failed') > 0 || total('passed') === 0 ? 1 : 0;
