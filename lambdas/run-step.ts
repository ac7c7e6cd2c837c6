import type { Logger } from '@aws-lambda-powertools/logger';
import * as z from 'zod/mini';
import { fieldErrorsOf } from '#lambdas/http/field-errors.ts';
import { logFields } from '#observe/log-fields.ts';
import { TidemarkError } from '#spec/errors.ts';

/** Name of errors that may pass: the state machine tries such a step again. All others end the run at once. */
export const passingErrorName = 'tidemark.passing';

export interface StepOptions<TEvent extends z.ZodMiniType, TResult> {
  readonly logger: Logger;
  readonly eventSchema: TEvent;
  /** Does the step; its result is the input of the next state. */
  readonly work: (event: z.output<TEvent>) => Promise<TResult>;
  /** What is logged of a result: counts and names, never feature values. */
  readonly facts: (result: TResult) => Readonly<Record<string, unknown>>;
}

/**
 * Handler of one state of a state machine. Errors leave it under names that the machine can tell apart: the code of a TidemarkError,
 * or passingErrorName for what may succeed when tried again (a store that is not available, a broken connection, anything unknown).
 */
export function createStep<TEvent extends z.ZodMiniType, TResult>(
  options: StepOptions<TEvent, TResult>,
): (event: unknown) => Promise<TResult> {
  const { logger, eventSchema, work, facts } = options;
  return async (event) => {
    const startedMillis = performance.now();
    try {
      const result = await work(readEvent(eventSchema, event));
      logger.info('step done', { ...facts(result), [logFields.millis]: Math.round(performance.now() - startedMillis) });
      return result;
    } catch (error) {
      const code = error instanceof TidemarkError ? error.code : 'unknown';
      logger.error('step failed', {
        [logFields.errorCode]: code,
        error: error instanceof Error ? error : String(error),
      });
      throw namedError(error);
    }
  };
}

function readEvent<TEvent extends z.ZodMiniType>(schema: TEvent, event: unknown): z.output<TEvent> {
  const parsed = z.safeParse(schema, event, { reportInput: true });
  if (parsed.success) return parsed.data;
  const faults = fieldErrorsOf(parsed.error.issues, []).map(({ pointer, message }) => `${pointer || 'it'} ${message}`);
  throw new TidemarkError('lambda.badEvent', `bad input: ${faults.join('; ')}`);
}

function namedError(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const named = new Error(message, { cause: error });
  const ends = error instanceof TidemarkError && error.kind !== 'unavailable';
  named.name = ends ? error.code : passingErrorName;
  return named;
}
