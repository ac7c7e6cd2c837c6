import { checkValue, isList } from '#semantics/value.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Entity } from '#spec/manifest.ts';
import type { ScalarType, ScalarValue, Value } from '#spec/value-type.ts';
import { toBase64 } from './base64.ts';
import { jsonValueReader } from './json-value.ts';
import { utf8Bytes, utf8Length, utf8Text } from './utf8.ts';

/**
 * Key-encoding version 1: `1|<entity>|` and per key, in the entity's order, `<type letter><UTF-8 bytes of the text>:<text>|`, as
 * `1|driver|l4:1001|`. Types and lengths keep 1001 and "1001", ("a","bc") and ("ab","c") apart whatever the texts hold.
 */
const keyVersion = '1';
/** DynamoDB's limit on a partition key. */
export const maxEntityKeyBytes = 2048;

const typeLetters: Record<ScalarType, string> = {
  int32: 'i',
  int64: 'l',
  float32: 'f',
  float64: 'd',
  string: 's',
  bool: 'b',
  timestamp: 't',
  bytes: 'y',
};

const keyText = (value: ScalarValue): string => (value instanceof Uint8Array ? toBase64(value) : String(value));

/** An entity's name and keys: all that the encoding needs of it. */
export type KeyedEntity = Pick<Entity, 'name' | 'keys'>;

const invalid = (entity: KeyedEntity, key: string, problem: string): TidemarkError =>
  new TidemarkError('codec.invalidEntityKey', `key ${key} of entity ${entity.name} ${problem}`, {
    details: { entity: entity.name, key },
  });

function checkedKey(entity: KeyedEntity, position: number, value: Value | undefined): ScalarValue {
  const key = entity.keys[position];
  if (!key) throw invalid(entity, `#${position}`, `does not exist; it has ${entity.keys.length}`);
  if (value === null || value === undefined || isList(value))
    throw invalid(entity, key.name, 'must have one value, got none; a null key matches no row');
  const problem = checkValue(key.type, value);
  if (problem) throw invalid(entity, key.name, problem);
  if (Number.isNaN(value)) throw invalid(entity, key.name, 'must not be NaN: it equals nothing');
  return value;
}

/**
 * Partition key of an entity's rows. `values` stand in the order of `entity.keys`. Throws codec.invalidEntityKey for a null, a wrong
 * type, NaN or a text with lone surrogates, and codec.entityKeyTooLong beyond 2,048 UTF-8 bytes.
 */
export function encodeEntityKey(entity: KeyedEntity, values: readonly Value[]): string {
  if (values.length !== entity.keys.length)
    throw new TidemarkError(
      'codec.invalidEntityKey',
      `entity ${entity.name} has ${entity.keys.length} keys (${entity.keys.map((key) => key.name).join(', ')}), got ${values.length} values`,
    );
  let encoded = `${keyVersion}|${entity.name}|`;
  for (const [position, key] of entity.keys.entries()) {
    const text = keyText(checkedKey(entity, position, values[position]));
    encoded += `${typeLetters[key.type]}${utf8Length(text)}:${text}|`;
  }
  const bytes = utf8Length(encoded);
  if (bytes > maxEntityKeyBytes)
    throw new TidemarkError(
      'codec.entityKeyTooLong',
      `the keys of entity ${entity.name} take ${bytes} bytes; allowed are ${maxEntityKeyBytes}; use shorter keys, as a hash of the text`,
      { details: { entity: entity.name, bytes, allowed: maxEntityKeyBytes } },
    );
  return encoded;
}

const unreadable = (entity: KeyedEntity, text: string): TidemarkError =>
  new TidemarkError('codec.unreadableEntityKey', `${JSON.stringify(text)} is no key of entity ${entity.name}`, {
    kind: 'failed',
  });

/** How a key's text is read back: all types but floats and bools have the JSON form of their text. */
function readKeyText(type: ScalarType, text: string): Value {
  if (type === 'bool') return text === 'true';
  const number = type === 'int32' || type === 'timestamp' || type === 'float32' || type === 'float64';
  return number ? Number(text) : jsonValueReader(type)(text);
}

/** The values of an encoded key, in the order of `entity.keys`. Throws codec.unreadableEntityKey for any other text. */
export function decodeEntityKey(entity: KeyedEntity, encoded: string): Value[] {
  const prefix = `${keyVersion}|${entity.name}|`;
  if (!encoded.startsWith(prefix)) throw unreadable(entity, encoded);
  const bytes = utf8Bytes(encoded.slice(prefix.length)); // lengths count bytes
  let start = 0;
  const values = entity.keys.map((key) => {
    const colon = bytes.indexOf(0x3a, start);
    const head = utf8Text(bytes.subarray(start, Math.max(colon, start)));
    const length = /^[a-z]\d{1,4}$/.test(head) ? Number(head.slice(1)) : Number.NaN;
    const end = colon + 1 + length;
    if (head[0] !== typeLetters[key.type] || bytes[end] !== 0x7c) throw unreadable(entity, encoded);
    start = end + 1;
    return readKeyText(key.type, utf8Text(bytes.subarray(colon + 1, end)));
  });
  if (start !== bytes.length) throw unreadable(entity, encoded);
  return values;
}
