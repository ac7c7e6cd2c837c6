import { expect, it } from 'vitest';
import { stageProblems } from '#define/check-stages.ts';
import { stagesSchema } from '#spec/stage.ts';
import { repository } from '#test/unit/serve/shop.ts';

const problemsOf = (services?: string[]) =>
  stageProblems(stagesSchema.parse({ dev: {}, prod: { servingLog: { sample: 0.5, services } } }), repository.manifest);

it('tells of services that a serving log names and the definitions do not have', () => {
  expect(problemsOf()).toEqual([]);
  expect(problemsOf(['checkout', 'lanes@3'])).toEqual([]);
  expect(problemsOf(['chekout', 'lanes@2'])).toEqual([
    'stages.prod.servingLog.services has "chekout"; there are checkout, checkout@1, lanes, lanes@3',
    'stages.prod.servingLog.services has "lanes@2"; there are checkout, checkout@1, lanes, lanes@3',
  ]);
});

it.each([0, -0.1, 1.01, Number.NaN])('refuses a sample of %s', (sample) => {
  expect(stagesSchema.safeParse({ prod: { servingLog: { sample } } }).success).toBe(false);
});

it('keeps a serving log for 90 days unless it is said', () => {
  expect(stagesSchema.parse({ prod: { servingLog: { sample: 1 } } }).prod?.servingLog).toEqual({
    sample: 1,
    retentionDays: 90,
  });
});
