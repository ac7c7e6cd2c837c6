import { TidemarkError } from '#spec/errors.ts';

/** The JSON object of a stored record's text. Throws store.recordUnreadable for any other text. */
export function parseRecordBody(text: string): Readonly<Record<string, unknown>> {
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new TidemarkError('store.recordUnreadable', 'a stored record holds no JSON object', { kind: 'failed' });
  return Object.fromEntries(Object.entries(body));
}
