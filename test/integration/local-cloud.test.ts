import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localCloudStatus, type StartedCloud, startLocalCloud, stopLocalCloud } from '../../localstack/local-cloud.ts';
import { runPaths } from '../../localstack/paths.ts';
import { findPrerequisites } from '../../localstack/prerequisites.ts';
import { processesWithEnvironment, processStart } from '../../localstack/processes.ts';

const first = `test-a-${process.pid}`;
const second = `test-b-${process.pid}`;
const startLimitMillis = 300_000; // an install may be needed first

function processesOf(name: string): readonly number[] {
  return processesWithEnvironment(`TIDEMARK_CLOUD_ID=${runPaths(name).cloudId}`);
}

async function isUp(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/_localstack/health`)).ok;
  } catch {
    return false;
  }
}

async function remove(name: string): Promise<void> {
  await stopLocalCloud(name);
  rmSync(runPaths(name).root, { recursive: true, force: true }); // its log
}

describe('two local clouds side by side', () => {
  let a: StartedCloud;
  let b: StartedCloud;

  beforeAll(async () => {
    [a, b] = await Promise.all([startLocalCloud({ name: first, port: 0 }), startLocalCloud({ name: second, port: 0 })]);
  }, startLimitMillis);

  afterAll(async () => {
    await Promise.all([first, second].map(remove));
  }, 60_000);

  it('answers at two endpoints', async () => {
    expect([a.isNew, b.isNew]).toEqual([true, true]);
    expect(new Set([a.endpoint, b.endpoint, a.dynamodbEndpoint, b.dynamodbEndpoint]).size).toBe(4);
    expect(await Promise.all([isUp(a.endpoint), isUp(b.endpoint)])).toEqual([true, true]);
  });

  it('is started once however often it is asked for', async () => {
    const startedAtMillis = performance.now();
    const again = await startLocalCloud({ name: first, port: 0 });
    expect(again).toEqual({ ...a, isNew: false });
    expect(performance.now() - startedAtMillis).toBeLessThan(1_000);
  });

  it('tells its state', () => {
    expect(localCloudStatus(first)).toMatchObject({
      state: 'running',
      pid: a.pid,
      endpoint: a.endpoint,
      isPluginStale: false,
    });
    expect(localCloudStatus('never-started')).toEqual({ name: 'never-started', state: 'stopped' });
  });

  it('leaves nothing behind when it goes down, and the other one alone', async () => {
    const before = processesOf(first);
    expect(before).toContain(a.pid);
    expect(await stopLocalCloud(first)).toBe(true);
    expect(processesOf(first)).toEqual([]);
    expect(before.map(processStart).filter((start) => start !== undefined)).toEqual([]);
    const { state, temporary, filesystem } = runPaths(first);
    expect([state, temporary, filesystem].filter((path) => existsSync(path))).toEqual([]);
    expect(localCloudStatus(first)).toEqual({ name: first, state: 'stopped' });
    expect(await isUp(a.endpoint)).toBe(false);
    expect(await isUp(b.endpoint)).toBe(true);
    expect(await stopLocalCloud(first)).toBe(false);
  }, 30_000);

  it('is started anew when its process was killed, and the helpers it left are gone', async () => {
    const orphans = processesOf(second).filter((pid) => pid !== b.pid);
    process.kill(b.pid, 'SIGKILL');
    await expect.poll(() => localCloudStatus(second).state).toBe('stopped');
    const again = await startLocalCloud({ name: second, port: 0 });
    expect(again.isNew).toBe(true);
    expect(orphans.map(processStart).filter((start) => start !== undefined)).toEqual([]);
    expect(await isUp(again.endpoint)).toBe(true);
  }, 60_000);
});

describe('a start that cannot succeed', () => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });

  afterAll(() => server.close());

  it('fails when the port is taken, and names it', { timeout: startLimitMillis }, async () => {
    const name = `test-c-${process.pid}`;
    await expect(startLocalCloud({ name, port })).rejects.toMatchObject({
      code: 'localstack.portTaken',
      message: expect.stringContaining(`port ${port} of 127.0.0.1 is taken`),
    });
    expect(localCloudStatus(name).state).toBe('stopped');
    await remove(name);
  });

  it('fails when the name cannot be a folder', async () => {
    await expect(startLocalCloud({ name: '../x' })).rejects.toMatchObject({ code: 'localstack.badName' });
  });
});

describe('what must be there before an install', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-prerequisites-'));
  const bin = join(folder, 'bin');
  const pyenvRoot = join(folder, 'pyenv');
  const environment = {
    all: {},
    path: [bin, '/usr/bin', '/bin'].join(delimiter),
    home: folder,
    javaHome: undefined,
    pyenvRoot,
  };

  function program(path: string, script: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is named all at once when it is missing, with the way to get it', async () => {
    await expect(findPrerequisites({ ...environment, path: join(folder, 'nothing') })).rejects.toMatchObject({
      code: 'localstack.prerequisiteMissing',
      message: expect.stringMatching(
        /Python 3\.13: .*pyenv install 3\.13[\s\S]*Java 17 or later: .*JAVA_HOME[\s\S]*Maven: .*mvn/,
      ),
    });
  });

  it('is not a python3.13 that exists and fails, nor an old Java', async () => {
    program(join(bin, 'python3.13'), 'echo "pyenv: python3.13: command not found"; exit 127');
    program(join(bin, 'python3'), 'echo Python 3.11.2');
    program(join(bin, 'mvn'), 'echo Apache Maven');
    program(join(bin, 'java'), 'echo "java.specification.version = 11"; echo "java.home = /"');
    await expect(findPrerequisites(environment)).rejects.toThrow(/java is Java 11/);

    program(join(bin, 'java'), 'echo "java.specification.version = 21"; echo "java.home = /"');
    const older = await findPrerequisites(environment);
    expect(older).toEqual({ python: 'python3', pythonIsWanted: false, javaHome: '/', maven: 'mvn' });

    const fromPyenv = join(pyenvRoot, 'versions', '3.13.7', 'bin', 'python3.13');
    program(fromPyenv, 'echo Python 3.13.7');
    expect(await findPrerequisites(environment)).toMatchObject({ python: fromPyenv, pythonIsWanted: true });
  });
});
