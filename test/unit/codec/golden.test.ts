import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeEntityKey, encodeEntityKey, type KeyedEntity } from '#codec/entity-key.ts';
import { jsonValueReader } from '#codec/json-value.ts';
import { orderKey } from '#codec/order-key.ts';
import { packedRowReader, packRow } from '#codec/packed-row.ts';
import type { JsonValue } from '#spec/json-value.ts';
import type { FeatureType, ScalarType, Value } from '#spec/value-type.ts';

const goldenCases = <TCase>(name: string): TCase[] =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}.json`, import.meta.url), 'utf8')).cases;

const valuesOf = (types: readonly FeatureType[], json: readonly JsonValue[]): Value[] =>
  types.map((type, index) => jsonValueReader(type)(json[index] ?? null));

interface StoredJson {
  readonly eventTimeMillis: number | null;
  readonly deleted: boolean;
  readonly marks: string | null;
  readonly values: readonly JsonValue[];
}

describe('golden entity keys', () => {
  const cases = goldenCases<{ types: ScalarType[]; keys: JsonValue[]; text: string }>('entity-keys');
  it.each(cases)('$text', ({ types, keys, text }) => {
    const entity: KeyedEntity = { name: 'driver', keys: types.map((type, index) => ({ name: `key_${index}`, type })) };
    expect(encodeEntityKey(entity, valuesOf(types, keys))).toBe(text);
    expect(decodeEntityKey(entity, text)).toStrictEqual(valuesOf(types, keys));
  });
});

describe('golden packed rows', () => {
  const cases = goldenCases<{ types: FeatureType[]; row: StoredJson; text: string }>('packed-rows');
  it.each(cases)('$text', ({ types, row, text }) => {
    const layout = { name: 'stats', version: 1, layout: '1f2e3d4c', features: types.map((type) => ({ type })) };
    const typed = { ...row, values: valuesOf(types, row.values) };
    expect(packRow(layout, typed)).toBe(text);
    expect(packedRowReader([layout])(text)).toStrictEqual({ kind: 'row', row: typed });
  });
});

describe('golden order texts', () => {
  const cases = goldenCases<{
    kind: 'table' | 'batch';
    types: FeatureType[];
    row: StoredJson & { createdTimeMillis: number | null; run: number };
    text: string;
  }>('order-keys');
  it.each(cases)('$text', ({ kind, types, row, text }) => {
    const view = { kind, features: types.map((type) => ({ type })) };
    expect(orderKey(view, { ...row, values: valuesOf(types, row.values) })).toBe(text);
  });
});
