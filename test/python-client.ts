import { spawn } from 'node:child_process';
import { clientFolder, clientPython } from './support/client-python.ts';

/**
 * Tests the Python client without a cloud, then lints it; the suites that need the deployed flights are run by
 * test/e2e/python-client.test.ts. Arguments go to pytest, as in `node test/python-client.ts -k push`. Exits with the first failure's code.
 */
const python = await clientPython();
const tests = await run(['pytest', '-m', 'not cloud', ...process.argv.slice(2)]);
const lint = await run(['ruff', 'check', '--no-cache', '--output-format', 'concise', '.', '../../examples']);
process.exitCode = tests || lint;

function run(words: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-m', ...words], { cwd: clientFolder, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
