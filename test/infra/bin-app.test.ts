import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const outputs = mkdtempSync(join(tmpdir(), 'tidemark-app-'));
afterAll(() => rmSync(outputs, { recursive: true, force: true }));

/** Runs the app as the CDK's CLI does, without bundling. */
const synthesize = (
  context: Readonly<Record<string, unknown>>,
  folder = outputs,
): Promise<{ code: number; stderr: string }> =>
  new Promise((resolve) => {
    const env = {
      ...process.env,
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [], repository: 'examples/flights', ...context }),
    };
    const child = execFile('node_modules/.bin/node', ['bin/app.ts'], { env }, (_, __, stderr) =>
      resolve({ code: child.exitCode ?? 1, stderr }),
    );
  });

describe('bin/app.ts', () => {
  it('synthesizes the stacks of a stage, with every check passed, and for the local cloud without what it lacks', async () => {
    const folders = { aws: join(outputs, 'aws'), local: join(outputs, 'local') };
    const runs = [
      synthesize({ stage: 'prod' }, folders.aws),
      synthesize({ stage: 'prod', cloud: 'local' }, folders.local),
    ];
    for (const { code, stderr } of await Promise.all(runs)) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const stacks = (folder: string): string[] =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.template.json'))
        .map((name) => /^flights([a-z]+)\w{8}\.template\.json$/.exec(name)?.[1] ?? name)
        .sort();
    const common = ['materialization', 'observability', 'serving', 'storage', 'stream'];
    expect(stacks(folders.aws)).toEqual([...common, 'protection'].sort());
    expect(stacks(folders.local)).toEqual(common);
    const texts = readdirSync(folders.local)
      .filter((name) => name.endsWith('.template.json'))
      .map((name) => readFileSync(join(folders.local, name), 'utf8'));
    expect(texts.join('').match(/AWS::Lambda::Alias|ScalableTarget|CompositeAlarm|WAFv2/g)).toBeNull();
  });

  it('fails when no stage is named, and lists those that there are', async () => {
    const { code, stderr } = await synthesize({});
    expect(code).toBe(1);
    expect(stderr).toMatch(/^unknown stage null; \S+examples\/flights has dev, \S+.*; say which by -c stage=<name>\n$/);
  });

  it('fails when the folder is no repository', async () => {
    const { code, stderr } = await synthesize({ stage: 'dev', repository: 'test/infra' });
    expect(code).toBe(1);
    expect(stderr).toContain('there is no tidemark.config.ts in');
  });
});
