import type { Value } from '#spec/value-type.ts';

/** A feature's or key's value for people: texts as they are, the rest as JSON, int64 with all its digits, floats that JSON lacks by name. */
export function valueText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  ).replaceAll(/^"|"$/g, '');
}
