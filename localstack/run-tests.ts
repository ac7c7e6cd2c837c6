import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { callerEnvironment } from './environment.ts';
import { ensureInstalled } from './install.ts';
import { startLocalCloud, stopLocalCloud } from './local-cloud.ts';
import { checkout, runPaths } from './paths.ts';

/**
 * Tests the plugin against a cloud of its own, then lints it. Arguments go to pytest, as in
 * `node localstack/run-tests.ts tests/lambda_executor -k timeout`. Exits with the first failure's code.
 */
async function main(): Promise<number> {
  const { paths } = await ensureInstalled(tell);
  const name = `pytest-${process.pid}`;
  try {
    const { endpoint } = await startLocalCloud({ name, port: 0, report: tell });
    const tests = await run(paths.python, ['-m', 'pytest', ...process.argv.slice(2)], {
      TIDEMARK_TEST_ENDPOINT: endpoint,
      TIDEMARK_NODE_BIN: join(checkout.nodeModules, '.bin'),
    });
    const lint = await run(paths.python, ['-m', 'ruff', 'check', '--output-format', 'concise', '.'], {});
    return tests || lint;
  } finally {
    await stopLocalCloud(name);
    rmSync(runPaths(name).root, { recursive: true, force: true }); // its log
  }
}

function run(program: string, programArguments: readonly string[], extra: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...callerEnvironment().all, ...extra };
    const child = spawn(program, programArguments, {
      cwd: checkout.plugin,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

process.exitCode = await main();
