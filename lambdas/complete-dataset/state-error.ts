import * as z from 'zod/mini';
import type { StepError } from '#engine/training-set/fail-training-set.ts';
import { passingErrorName } from '#lambdas/run-step.ts';

const functionErrorSchema = z.object({ errorMessage: z.string() });

/** Code and sentence of what Step Functions caught: a function's error comes as JSON in `Cause`. */
export function readStateError(caught: { readonly Error: string; readonly Cause?: string | undefined }): StepError {
  const code = caught.Error === passingErrorName ? 'trainingSet.unavailable' : caught.Error;
  return { code, message: sentenceOf(caught.Cause ?? '') || caught.Error };
}

function sentenceOf(cause: string): string {
  try {
    const parsed = z.safeParse(functionErrorSchema, JSON.parse(cause));
    return parsed.success ? parsed.data.errorMessage : cause;
  } catch {
    return cause;
  }
}
