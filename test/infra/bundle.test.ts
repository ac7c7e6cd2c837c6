import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { afterAll, describe, expect, it } from 'vitest';
import { bundledCode } from '#infra/bundle.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tidemark-bundle-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

// At a fixed place, since an entry is written for each module.
const repositoryModule = resolve('.tidemark/test-infra/repository.mjs');
mkdirSync(resolve('.tidemark/test-infra'), { recursive: true });
writeFileSync(repositoryModule, 'export const repository = { manifest: {}, transforms: {} };\n');

/** Bundles a function into an assembly; returns the key of its asset (a hash of its bytes) and its text. */
function bundled(outdir: string): { readonly key: string; readonly text: string } {
  const stack = new Stack(new App({ outdir, analyticsReporting: false }), 'Test');
  const key = bundledCode('check-query', repositoryModule).bind(stack).s3Location?.objectKey ?? '';
  return { key, text: readFileSync(join(outdir, `asset.${key.replace(/\.zip$/, '')}`, 'index.mjs'), 'utf8') };
}

describe('bundle of a function', () => {
  const here = bundled(join(scratch, 'assembly'));

  it('is the same bytes wherever the assembly lies, so that nothing is deployed for nothing', () => {
    expect(bundled(join(scratch, 'deeper/down/assembly')).key).toBe(here.key);
  });

  it('holds no path of the machine that made it', () => {
    expect(here.text).not.toContain(resolve('.'));
  });

  it('is one module that exports the handler, with the SDK inside', () => {
    expect(here.text).toMatch(/export\{\w+ as handler\}/);
    const imported = [...here.text.matchAll(/\bfrom"([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => name.startsWith('@') || name.startsWith('.'))).toEqual([]);
  });
});
