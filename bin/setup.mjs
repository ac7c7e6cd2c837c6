// Makes the checkout runnable on a fresh machine: checks what npm cannot bring, then installs what it can. Plain JavaScript, because
// it runs on the machine's own Node (>= 20) before the project's Node 24 is there. A second run is a no-op.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, '.tidemark', 'npm-installed');
const tell = (line) => process.stderr.write(`${line}\n`);
const runs = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** The local cloud checks versions itself; here only what is plainly absent, before a minute is spent on npm. */
function missingPrograms() {
  const needed = [
    [Number(process.versions.node.split('.')[0]) >= 20, `Node.js 20 or later (this is ${process.versions.node})`],
    [runs('npm', '--version'), 'npm'],
    [runs('java', '-version'), 'a JDK, version 17 or later (for DynamoDB Local), for example openjdk-17-jdk'],
    [runs('mvn', '--version'), 'Maven (it fetches DynamoDB Local)'],
    [
      runs('python3.13', '--version') || runs('python3', '--version'),
      'Python 3.13 (for LocalStack), or a python3 to fetch it',
    ],
  ];
  return needed.filter(([found]) => !found).map(([, name]) => name);
}

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

function install() {
  const wanted = lockHash();
  if (existsSync(stamp) && existsSync(join(root, 'node_modules')) && readFileSync(stamp, 'utf8') === wanted) return;
  const started = Date.now();
  tell('installing npm packages (about a minute on a fresh machine) ...');
  // Not `npm ci`: some registries do not serve every optional binary that the lock names.
  const { status } = spawnSync('npm', ['install', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) fail('npm install failed; its words are above');
  if (lockHash() !== wanted)
    fail('npm install changed package-lock.json: commit the lock that belongs to package.json');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  tell(`installed npm packages in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

function fail(message) {
  tell(`setup: ${message}`);
  process.exit(1);
}

const missing = missingPrograms();
if (missing.length > 0) fail(`this machine lacks:\n${missing.map((name) => `  - ${name}`).join('\n')}`);
install();
