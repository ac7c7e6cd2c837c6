import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '#cli/commands.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { anchorsOf, fencesOf, pages, relativeLinks, root } from './pages.ts';

const all = pages();

/** Blocks that define something: they stand for themselves and import all that they use. */
const snippets = all
  .flatMap(fencesOf)
  .filter(({ language, code }) => language === 'ts' && /from 'tidemark(\/cdk)?'/.test(code));

/** Type-checks files as a repository of definitions is checked: inside this checkout, where `tidemark` is this package. */
function typeCheck(files: Readonly<Record<string, string>>): string {
  const parent = join(root, '.tidemark');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'snippets-'));
  try {
    for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: [join(folder, '*.ts')] }),
    );
    const tsc = join(root, 'node_modules/typescript7/bin/tsc');
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return status === 0 ? '' : `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('snippets of the documentation', () => {
  it('compile as they stand, and a wrong column name in one does not', () => {
    const files = snippets.map(
      ({ page, line, code }) => [`${page.replaceAll(/[/.]/g, '-')}-${line}.ts`, code] as const,
    );
    expect(files.length).toBeGreaterThan(5);
    const planted = files.find(([, code]) => code.includes("mean('fare'"));
    if (!planted) throw new Error('no snippet aggregates fare');
    const errors = typeCheck({
      ...Object.fromEntries(files),
      'planted.ts': planted[1].replace("mean('fare'", "mean('fair'"),
    });
    expect(errors.split('\n').filter((line) => line !== '' && !/^(planted\.ts|\s)/.test(line))).toEqual([]);
    expect(errors).toMatch(/planted\.ts.*fair\W+ is not in source/s);
  }, 120_000);
});

describe('links of the documentation', () => {
  it.each(all)('$path links to files and headings that exist', (page) => {
    const broken = relativeLinks(page).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? page.path : join(dirname(page.path), file);
      if (!existsSync(join(root, path))) return true;
      const target = all.find((other) => other.path === path);
      return anchor !== undefined && target !== undefined && !anchorsOf(target).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('commands that the documentation names', () => {
  const named = (pattern: RegExp): readonly string[] => [
    ...new Set(all.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, name = '']) => name))),
  ];

  it('npm scripts exist', () => {
    const scripts = named(/npm run (?:--silent )?([a-z][a-z:]*)/g);
    expect(scripts).toContain('quickstart');
    expect(scripts.filter((script) => !(script in packageJson.scripts))).toEqual([]);
  });

  it('tidemark commands exist', () => {
    const words = named(/(?:`|npm run |npx |^ {4})tidemark (?:-- )?([a-z][a-z-]*(?: [a-z]+)?)/gm);
    expect(words).toContain('materialize carrier');
    const known = new Set(commands.map(({ name }) => name));
    const isKnown = (text: string): boolean => known.has(text) || known.has(text.split(' ')[0] ?? '');
    expect(words.filter((text) => !isKnown(text))).toEqual([]);
  });
});
