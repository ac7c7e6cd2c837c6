/** JSON texts that stand where something else is expected. */
const levels = 20_000;
const length = 100_000;
export const nastyValues: Readonly<Record<string, string>> = {
  'lists in lists': `${'['.repeat(levels)}${']'.repeat(levels)}`,
  'objects in objects': `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`,
  'beyond float64': '1e999',
  'negative zero': '-0',
  'beyond int64': '123456789012345678901234567890',
  'many digits': '9'.repeat(length),
  'lone surrogate': '"\\ud800"',
  NUL: '"\\u0000"',
  'long text': `"${'\\"'.repeat(length)}"`,
  'inherited name': '"constructor"',
  '__proto__ text': '"__proto__"',
  '__proto__ member': '{"__proto__":{"customer_id":7},"constructor":1}',
  'many members': `{${Array.from({ length: 5000 }, (_, at) => `"m${at}":${at}`).join(',')}}`,
  null: 'null',
  'empty list': '[]',
  'empty text': '""',
};

/** Every text that has one value of `body` replaced by `nasty`, itself included, with the JSON pointer of the place. */
export function* withOneReplaced(body: unknown, nasty: string): Generator<readonly [pointer: string, text: string]> {
  yield ['', nasty];
  if (typeof body !== 'object' || body === null) return;
  const isList = Array.isArray(body);
  const members = Object.entries(body);
  for (const [name, value] of members)
    for (const [pointer, text] of withOneReplaced(value, nasty)) {
      const parts = members.map(([other, own]) => {
        const written = other === name ? text : JSON.stringify(own);
        return isList ? written : `${JSON.stringify(other)}:${written}`;
      });
      yield [`/${name}${pointer}`, isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`];
    }
}
