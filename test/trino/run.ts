import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLocalCloud, stopLocalCloud } from '#localstack/local-cloud.ts';
import { checkout } from '#localstack/paths.ts';
import { timed } from '#localstack/report.ts';
import { installTrino } from './install.ts';
import { findRunnable, trinoReleases } from './java.ts';
import { startTrino, type TrinoServer } from './server.ts';

const versions = trinoReleases.map(({ version }) => version).join(' or ');
const usage = `usage: npm run test:trino [-- <property test files> ...] [--version <${versions}>]
  runs every statement of the property tests, of the leakage check, of history and as-of, of analysts' views and of verify on the local engine and on a real Trino: equal rows, every bit; exit 1 otherwise
  --version  by default the newest release that a JDK of this machine runs; fetched with Maven (250 to 350 MB, once)
  TIDEMARK_CASES sets the random cases (default 200), TIDEMARK_TEST_CLOUD=name keeps the local cloud running`;

const propertyTests = 'test/property/*.cloud.test.ts';
/** Suites over a store of their own, of statements that no property test runs. */
const otherTests = ['leakage', 'entity-history', 'verify-streams', 'known-join-defects', 'training-set'].map(
  (name) => `test/integration/${name}.cloud.test.ts`,
);

const tell = (line: string): void => console.error(line);
let running: ChildProcess | undefined;
let isInterrupted = false;

function runTests(files: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> {
  const vitest = join(checkout.nodeModules, 'vitest', 'vitest.mjs');
  if (isInterrupted) return Promise.resolve(1);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [vitest, 'run', '--project', 'cloud', ...files], {
      cwd: checkout.root,
      env: { ...process.env, ...environment },
      stdio: 'inherit',
    });
    running = child;
    child.on('close', (code) => resolve(code ?? 1));
  });
}

interface Figures {
  readonly statements: number;
  readonly rows: number;
  readonly values: number;
}

function readFigures(file: string): Figures {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const each = lines.map((line): Pick<Figures, 'rows' | 'values'> => JSON.parse(line)); // written by compare-engines.ts
  const sum = (key: 'rows' | 'values'): number => each.reduce((total, one) => total + one[key], 0);
  return { statements: each.length, rows: sum('rows'), values: sum('values') };
}

async function main(chosen: readonly string[], version: string | undefined): Promise<number> {
  const startedAt = performance.now();
  const runnable = await findRunnable(version);
  const install = await installTrino(runnable.release.version, tell);
  const kept = process.env.TIDEMARK_TEST_CLOUD;
  const name = kept ?? `trino-${process.pid}`;
  const figuresFile = join(checkout.root, '.tidemark', 'trino', `figures-${process.pid}.jsonl`);
  mkdirSync(join(checkout.root, '.tidemark', 'trino'), { recursive: true });
  let server: TrinoServer | undefined;
  try {
    const { endpoint } = await startLocalCloud({ name, port: 0, report: tell });
    server = await timed(tell, `start Trino ${install.version} on ${runnable.javaHome}`, () =>
      startTrino({ runnable, install, cloudEndpoint: endpoint }),
    );
    const files =
      chosen.length > 0 ? chosen : [...globSync(propertyTests, { cwd: checkout.root }).sort(), ...otherTests];
    const exitCode = await runTests(files, {
      TIDEMARK_TEST_CLOUD: name,
      TIDEMARK_CASES: process.env.TIDEMARK_CASES ?? '200',
      TIDEMARK_TRINO_ENDPOINT: server.endpoint,
      TIDEMARK_TRINO_FIGURES: figuresFile,
    });
    const { statements, rows, values } = readFigures(figuresFile);
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    console.log(
      `Trino ${install.version}: ${statements} statements, ${rows} rows, ${values} values equal to the local engine's; ${minutes} min`,
    );
    return exitCode !== 0 || statements === 0 ? 1 : 0;
  } finally {
    await server?.stop();
    if (kept === undefined) await stopLocalCloud(name);
    rmSync(figuresFile, { force: true });
  }
}

// Tests end, then Trino and the cloud are stopped as after any run.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    isInterrupted = true;
    running?.kill();
  });
const { values, positionals } = parseArgs({
  options: { version: { type: 'string' }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values.help) console.log(usage);
else process.exitCode = await main(positionals, values.version);
