import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const outputs = mkdtempSync(join(tmpdir(), 'tidemark-app-'));
afterAll(() => rmSync(outputs, { recursive: true, force: true }));

/** Runs the app as the CDK's CLI does, without bundling. */
const synthesize = (context: Readonly<Record<string, unknown>>): Promise<{ code: number; stderr: string }> =>
  new Promise((resolve) => {
    const env = {
      ...process.env,
      CDK_OUTDIR: outputs,
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [], repository: 'examples/flights', ...context }),
    };
    const child = execFile('node_modules/.bin/node', ['bin/app.ts'], { env }, (_, __, stderr) =>
      resolve({ code: child.exitCode ?? 1, stderr }),
    );
  });

describe('bin/app.ts', () => {
  it('synthesizes the stacks of a stage, with every check passed', async () => {
    const { code, stderr } = await synthesize({ stage: 'dev' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(outputs).filter((name) => name.endsWith('.template.json'))).toHaveLength(5);
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
