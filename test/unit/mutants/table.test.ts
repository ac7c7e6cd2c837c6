import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutants } from '../../mutants/all-mutants.ts';
import { rules } from '../../mutants/mutant.ts';

const root = join(import.meta.dirname, '../../..');

/** Running them takes minutes (npm run test:mutants); that they still fit the sources is seen here. */
describe('the table of mutants', () => {
  it('changes texts that stand exactly once in their file', () => {
    const unfit = mutants.filter(({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length !== 2);
    expect(unfit.map(({ file, fault }) => `${file}: ${fault}`)).toEqual([]);
  });

  it('names tests that exist', () => {
    expect(mutants.flatMap(({ tests }) => tests).filter((test) => !existsSync(join(root, test)))).toEqual([]);
  });

  it('has a mutant of every rule, and no fault twice', () => {
    expect(rules.filter((rule) => !mutants.some((mutant) => mutant.rule === rule))).toEqual([]);
    expect(new Set(mutants.map(({ fault }) => fault)).size).toBe(mutants.length);
  });
});
