import { parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';

/** Epoch milliseconds of an ISO text with offset, or what is wrong with it. */
export function instantOf(text: string): { readonly millis: number } | { readonly problem: string } {
  try {
    return { millis: parseInstant(text) };
  } catch (error) {
    if (error instanceof TidemarkError) return { problem: error.message };
    throw error;
  }
}
