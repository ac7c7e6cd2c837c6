import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callerEnvironment } from './environment.ts';
import {
  installDynamodbLocal,
  installKinesisMock,
  installPlugin,
  installPython,
  type StepContext,
} from './install-steps.ts';
import { withLock } from './lock.ts';
import { type InstallPaths, installPaths } from './paths.ts';
import { pinsHash, pluginHash } from './pins.ts';
import { findPrerequisites } from './prerequisites.ts';
import { type Report, timed } from './report.ts';

export interface Install {
  readonly paths: InstallPaths;
  readonly javaHome: string;
}

interface Step {
  readonly id: string;
  /** What its mark holds: the step runs again when this changes. */
  readonly version: string;
  readonly title: string;
  readonly run: (context: StepContext) => Promise<void>;
}

const independentSteps: readonly Step[] = [
  { id: 'python', version: '', title: 'LocalStack and its Python', run: installPython },
  { id: 'dynamodb-local', version: '', title: 'DynamoDB Local', run: installDynamodbLocal },
  { id: 'kinesis-local', version: '', title: 'Kinesis mock', run: installKinesisMock },
];

/**
 * Installs what is not there yet; a rerun looks at a few marks and returns.
 * Each step leaves its mark when it is done, so an install that was killed goes on where it stopped.
 */
export async function ensureInstalled(report: Report): Promise<Install> {
  const paths = installPaths(pinsHash());
  const ready = readyInstall(paths);
  if (ready !== undefined) return ready;
  const onWait = (pid: number) => report(`waiting for the install of process ${pid}`);
  return await withLock(`${paths.root}.lock`, { waitMillis: 600_000, onWait }, () => install(paths, report));
}

async function install(paths: InstallPaths, report: Report): Promise<Install> {
  const ready = readyInstall(paths);
  if (ready !== undefined) return ready; // by the process that held the lock before
  const environment = callerEnvironment();
  const prerequisites = await timed(report, 'check Python, Java and Maven', () => findPrerequisites(environment));
  const context: StepContext = { paths, prerequisites, environment };
  mkdirSync(paths.doneMarks, { recursive: true });
  await allSettledThenThrow(independentSteps.map((step) => runStep(step, context, report)));
  await runStep(pluginStep(), context, report);
  writeFileSync(javaFile(paths), prerequisites.javaHome);
  return { paths, javaHome: prerequisites.javaHome };
}

function pluginStep(): Step {
  return { id: 'plugin', version: pluginHash(), title: 'Tidemark plugin', run: installPlugin };
}

async function runStep(step: Step, context: StepContext, report: Report): Promise<void> {
  if (isDone(context.paths, step)) return;
  rmSync(markOf(context.paths, step), { force: true });
  await timed(report, `install ${step.title}`, () => step.run(context));
  writeFileSync(markOf(context.paths, step), step.version);
}

/** A failed step must not leave the others running behind its error. */
async function allSettledThenThrow(steps: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(steps)) if (result.status === 'rejected') throw result.reason;
}

function readyInstall(paths: InstallPaths): Install | undefined {
  if (![...independentSteps, pluginStep()].every((step) => isDone(paths, step))) return undefined;
  if (!existsSync(javaFile(paths))) return undefined;
  const javaHome = readFileSync(javaFile(paths), 'utf8');
  return existsSync(join(javaHome, 'bin', 'java')) ? { paths, javaHome } : undefined;
}

function isDone(paths: InstallPaths, step: Step): boolean {
  const mark = markOf(paths, step);
  return existsSync(mark) && readFileSync(mark, 'utf8') === step.version;
}

function markOf(paths: InstallPaths, step: Step): string {
  return join(paths.doneMarks, step.id);
}

function javaFile(paths: InstallPaths): string {
  return join(paths.doneMarks, 'java-home');
}
