import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { apiHtml } from '#cli/report/api-html.ts';
import { openApiDocument } from '#lambdas/serve-features/open-api.ts';
import { runCli } from '#test/support/run-cli.ts';
import { repository } from '#test/unit/serve/shop.ts';

const document = openApiDocument(repository.manifest);
const page = apiHtml(document);
const folder = mkdtempSync(join(tmpdir(), 'tidemark-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the page of the HTTP API', () => {
  it('has every operation, schema and example of the document, and links that lead somewhere on it', () => {
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { operationId }] of Object.entries(methods)) {
        expect(page).toContain(`<h2><code>${method.toUpperCase()} ${path}</code></h2>`);
        expect(page).toContain(`<section id="${operationId}">`);
      }
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links).toEqual(
      expect.arrayContaining(['getOnlineFeatures', 'schema-OnlineFeaturesRequest', 'schema-Problem']),
    );
    for (const id of links) expect(page).toContain(`id="${id}"`);
    for (const example of ['checkout@1', 'lanes@3']) expect(page).toContain(`example <code>${example}</code>`);
  });

  it('loads nothing and runs nothing', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe)|src=|url\(|@import/);
  });

  it('shows descriptions as text, whatever stands in them', () => {
    const described = { ...document, info: { ...document.info, description: '<img src=x onerror="alert(1)">' } };
    expect(apiHtml(described)).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
  });
});

describe('tidemark docs api', () => {
  it('writes the page, and the document with --json', async () => {
    const file = join(folder, 'deep/api.html');
    const { exitCode, stdout } = await runCli([
      'docs',
      'api',
      '--repository',
      'examples/ride-sharing',
      '--out',
      file,
      '--json',
    ]);
    expect([exitCode, JSON.parse(stdout).openapi]).toEqual([0, '3.1.0']);
    expect(readFileSync(file, 'utf8')).toContain('Tidemark: features of ride_sharing');
    expect((await runCli(['docs', 'api'])).exitCode).toBe(2);
  });
});
