import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }; // our own file

it('scripts that set the checkout up go on with the Node they have installed, by its path: a shell remembers where it found the first one', () => {
  const settingUp = Object.entries(scripts).filter(([, line]) => line.includes('bin/setup.mjs &&'));
  expect(settingUp.map(([name]) => name)).toEqual(expect.arrayContaining(['quickstart', 'test', 'local:up']));
  for (const [name, line] of settingUp)
    expect(line, name).toMatch(/^node bin\/setup\.mjs && node_modules\/\.bin\/node /);
});
