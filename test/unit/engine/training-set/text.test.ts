import { describe, expect, it } from 'vitest';
import { idPlaceholder, trainingSetText } from '#engine/training-set/text.ts';
import { manifest } from './world.ts';

describe('trainingSetText', () => {
  it('is a statement over the staged spine of any training set, explained', () => {
    const text = trainingSetText(manifest, { database: 'db', service: 'pricing', lagMillis: 60_000 });
    expect(text).toContain(`"dataset" = '${idPlaceholder}'`);
    expect(text).toContain(
      `-- Joins the staged spine of a training set with its features. Put the id of a training set in place of ${idPlaceholder};`,
    );
    expect(text).toContain('-- Computed from these rows after the join, in TypeScript: ratio.');
    expect(text).toContain("BIGINT '60000'");
    expect(text).not.toMatch(/NaN|undefined|Invalid/);
  });

  it('names no computed views where there are none, and refuses unknown names', () => {
    expect(trainingSetText(manifest, { database: 'db', features: ['stats:trips'] })).not.toContain('TypeScript');
    expect(() => trainingSetText(manifest, { database: 'db', features: ['stat:trips'] })).toThrow(
      'did you mean "stats"?',
    );
  });
});
