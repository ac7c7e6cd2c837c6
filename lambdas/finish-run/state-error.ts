import * as z from 'zod/mini';
import { passingErrorName } from '#lambdas/run-step.ts';

const functionErrorSchema = z.object({ errorMessage: z.string() });

/** Code and sentence of what Step Functions caught: a function's error comes as JSON in `Cause`. */
export function readStateError(caught: { readonly Error: string; readonly Cause?: string | undefined }): {
  readonly code: string;
  readonly message: string;
} {
  const cause = messageOf(caught.Cause ?? '');
  if (caught.Error === 'States.ExceedToleratedFailureThreshold')
    return {
      code: 'materialize.itemsFailed',
      message: `too many items of the map over the selected rows failed, see its failed executions: ${cause}`,
    };
  const code = caught.Error === passingErrorName ? 'materialize.unavailable' : caught.Error;
  return { code, message: cause || caught.Error };
}

function messageOf(cause: string): string {
  try {
    const parsed = z.safeParse(functionErrorSchema, JSON.parse(cause));
    return parsed.success ? parsed.data.errorMessage : cause;
  } catch {
    return cause;
  }
}
