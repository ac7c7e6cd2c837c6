import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { localEnvironment } from '#cli/target.ts';
import { startLocalCloud, stopLocalCloud } from '#localstack/local-cloud.ts';
import { mutants } from './all-mutants.ts';
import type { Mutant } from './mutant.ts';

const usage = `usage: npm run test:mutants [-- <words of rule, fault or file> ...] [--unit]
  applies each seeded fault to a copy of the tree and runs the tests that must fail; exit 1 when one survives
  --unit  only mutants that need no local cloud
  TIDEMARK_TEST_CLOUD=name keeps the cloud running; TIDEMARK_CASES sets the random cases of cloud suites (default 300)`;

const root = dirname(dirname(import.meta.dirname));
const tree = join(root, '.tidemark', 'mutants', 'tree');
/** A mutant that hangs its tests is killed by this: it did not go unnoticed. */
const timeoutMillis = 180_000;
const isCloud = (test: string): boolean => test.endsWith('.cloud.test.ts');
const needsCloud = ({ tests }: Mutant): boolean => tests.some(isCloud);

/** Copies what Git knows or would add; packages are linked. In the copy nobody starts a cloud: this process has. */
function copyTree(): void {
  rmSync(tree, { recursive: true, force: true });
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  for (const file of new Set(listed.split('\0'))) {
    if (file === '') continue;
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    try {
      cpSync(join(root, file), join(tree, file));
    } catch (error) {
      if (!isAbsent(error)) throw error; // deleted, but still in the index
    }
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  writeFileSync(join(tree, 'test/local-cloud-setup.ts'), 'export function setup(): void {}\n');
}
const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

let running: ChildProcess | undefined;

/** Runs test files in the copy until the first failure. */
function passes(
  tests: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ ok: boolean; output: string }> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const env = { ...process.env, ...environment, NO_COLOR: '1' };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [vitest, 'run', '--bail', '1', ...tests], {
      cwd: tree,
      env,
      timeout: timeoutMillis,
    });
    running = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** The file's text with the fault in it. Throws when the text to change does not stand there exactly once. */
function mutated({ file, find, replace, fault }: Mutant): string {
  const text = readFileSync(join(root, file), 'utf8');
  if (text.split(find).length !== 2)
    throw new Error(`"${fault}": the text to change must occur exactly once in ${file}`);
  return text.replace(find, () => replace);
}

async function survives(mutant: Mutant, environment: Readonly<Record<string, string>>): Promise<boolean> {
  const file = join(tree, mutant.file);
  const original = readFileSync(file, 'utf8');
  writeFileSync(file, mutated(mutant));
  try {
    return (await passes(mutant.tests, environment)).ok;
  } finally {
    writeFileSync(file, original);
  }
}

async function cloudEnvironment(name: string): Promise<Record<string, string>> {
  const { endpoint, dynamodbEndpoint } = await startLocalCloud({
    name,
    port: 0,
    report: (line) => console.error(line),
  });
  return {
    ...localEnvironment(endpoint, dynamodbEndpoint),
    TIDEMARK_TEST_ENDPOINT: endpoint,
    TIDEMARK_CASES: process.env.TIDEMARK_CASES ?? '300',
  };
}

async function main(words: readonly string[], isUnitOnly: boolean): Promise<number> {
  const chosen = mutants.filter(
    (mutant) =>
      !(isUnitOnly && needsCloud(mutant)) &&
      (words.length === 0 || words.some((word) => `${mutant.rule} ${mutant.fault} ${mutant.file}`.includes(word))),
  );
  for (const mutant of chosen) mutated(mutant);
  copyTree();
  const kept = process.env.TIDEMARK_TEST_CLOUD;
  const name = kept ?? `mutants-${process.pid}`;
  const usesCloud = chosen.some(needsCloud);
  const environment = usesCloud ? await cloudEnvironment(name) : {};
  try {
    const files = [...new Set(chosen.flatMap(({ tests }) => tests))].sort();
    const sound = await passes(files, environment);
    if (!sound.ok) {
      console.error(`${sound.output}\nthe tests fail without any mutant; mend that first`);
      return 1;
    }
    const survivors: Mutant[] = [];
    for (const mutant of chosen) {
      const startedAt = performance.now();
      const survived = await survives(mutant, environment);
      if (survived) survivors.push(mutant);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      console.log(
        `${survived ? 'SURVIVED' : 'killed  '} ${mutant.rule}: ${mutant.fault} (${mutant.file}, ${seconds} s)`,
      );
    }
    console.log(`${chosen.length - survivors.length} killed, ${survivors.length} survived`);
    return survivors.length === 0 && chosen.length > 0 ? 0 : 1;
  } finally {
    if (usesCloud && kept === undefined) await stopLocalCloud(name);
    rmSync(tree, { recursive: true, force: true });
  }
}

process.on('exit', () => running?.kill());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const { values, positionals } = parseArgs({
  options: { unit: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values.help) console.log(usage);
else process.exitCode = await main(positionals, values.unit);
