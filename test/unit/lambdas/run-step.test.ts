import { Logger } from '@aws-lambda-powertools/logger';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { eventSchema as finishEvent } from '#lambdas/finish-run/event.ts';
import { runMetricValues } from '#lambdas/finish-run/run-metric-values.ts';
import { readStateError } from '#lambdas/finish-run/state-error.ts';
import { eventSchema as planEvent } from '#lambdas/plan-run/event.ts';
import { createStep } from '#lambdas/run-step.ts';
import { TidemarkError } from '#spec/errors.ts';

const logger = new Logger({ serviceName: 'test' });
beforeEach(() => {
  vi.spyOn(logger, 'info').mockImplementation(() => undefined);
  vi.spyOn(logger, 'error').mockImplementation(() => undefined);
});

const stepThat = (work: () => Promise<unknown>) =>
  createStep({ logger, eventSchema: z.strictObject({ view: z.string() }), work, facts: () => ({}) });
const errorOf = (step: (event: unknown) => Promise<unknown>, event: unknown = { view: 'v' }): Promise<Error> =>
  step(event).then(
    () => new Error('did not fail'),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );

describe('a step', () => {
  it('leaves under the code of an error that ends the run', async () => {
    const refusal = new TidemarkError('materialize.runInProgress', 'run 1 is in progress', { kind: 'conflict' });
    const error = await errorOf(stepThat(() => Promise.reject(refusal)));
    expect([error.name, error.message]).toEqual(['materialize.runInProgress', 'run 1 is in progress']);
  });

  it.each([
    new TidemarkError('materialize.contended', 'others were quicker', { kind: 'unavailable' }),
    new Error('socket hang up'),
  ])('leaves under the name of passing errors for %s', async (passing) => {
    const error = await errorOf(stepThat(() => Promise.reject(passing)));
    expect([error.name, error.message]).toEqual(['tidemark.passing', passing.message]);
  });

  it('fails with every fault of its event at once, and does no work', async () => {
    const work = vi.fn(async () => undefined);
    const error = await errorOf(stepThat(work), { view: 1, more: 2 });
    expect(error.name).toBe('lambda.badEvent');
    expect(error.message).toBe('bad input: /view must be a string; /more is not known here; allowed: ');
    expect(work).not.toHaveBeenCalled();
  });
});

describe('events of a run', () => {
  it('takes a view with or without an interval, and nothing else', () => {
    const parse = (input: unknown) => z.safeParse(planEvent, { input, execution: 'arn' }).success;
    expect([{ view: 'v' }, { view: 'v@2', from: 1, to: 2 }].map(parse)).toEqual([true, true]);
    expect([{}, { view: '' }, { view: 'v', form: 1 }, { view: 'v', from: '2024' }].map(parse)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('takes any input of an execution that failed, even one that names no view', () => {
    for (const input of [{}, null, 'x', { view: 3 }])
      expect(z.safeParse(finishEvent, { input, execution: 'arn', error: { Error: 'E' } }).success).toBe(true);
  });
});

describe('the reason of a failed state', () => {
  it('is the sentence of a function’s error', () => {
    const Cause = JSON.stringify({ errorType: 'x', errorMessage: 'from must be before to', trace: [] });
    expect(readStateError({ Error: 'materialize.badInterval', Cause })).toEqual({
      code: 'materialize.badInterval',
      message: 'from must be before to',
    });
  });

  it('is what Step Functions says where no function spoke', () => {
    expect(readStateError({ Error: 'States.Timeout' })).toEqual({ code: 'States.Timeout', message: 'States.Timeout' });
    expect(readStateError({ Error: 'tidemark.passing', Cause: 'lost' }).code).toBe('materialize.unavailable');
    expect(readStateError({ Error: 'States.ExceedToleratedFailureThreshold', Cause: 'x' })).toMatchObject({
      code: 'materialize.itemsFailed',
    });
  });
});

it('metrics of a run tell success, rows and how old its newest tick is', () => {
  const record = {
    view: 'v@1',
    kind: 'batch',
    run: 1,
    state: 'succeeded',
    step: 'finishing',
    execution: 'arn',
    requested: {},
    startedAtMillis: 50_000,
    finishedAtMillis: 90_000,
    seconds: 40,
    toMillis: 30_000,
    rowsRead: 5,
    rowsWritten: 3,
    rowsOlder: 2,
    rowsFailed: 0,
    bytesScanned: 9,
  } as const;
  const values = (state: 'succeeded' | 'failed') =>
    Object.fromEntries(runMetricValues({ ...record, state }).map(([{ name }, value]) => [name, value]));
  expect(values('succeeded')).toMatchObject({ RunsSucceeded: 1, RunsFailed: 0, RowsWritten: 3, FreshnessSeconds: 60 });
  expect(values('failed')).toMatchObject({ RunsSucceeded: 0, RunsFailed: 1 });
  expect(values('failed')).not.toHaveProperty('FreshnessSeconds');
});
