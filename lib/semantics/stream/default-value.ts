import type { JsonValue } from '#spec/json-value.ts';
import type { AggregatedFeature } from '#spec/manifest.ts';
import {
  elementType,
  type FeatureType,
  isFloatType,
  isListType,
  type ScalarValue,
  type Value,
} from '#spec/value-type.ts';

/** Web standard function of every JavaScript runtime that the pure rooms' type library leaves out. */
declare const atob: (base64: string) => string;

function scalar(json: JsonValue, type: FeatureType): ScalarValue {
  if (type === 'int64') return BigInt(String(json));
  if (isFloatType(type)) return Number(json); // NaN and infinities stand there by name
  if (type === 'bytes') return Uint8Array.from(atob(String(json)), (character) => character.charCodeAt(0));
  return json as ScalarValue; // the JSON form of the other types is the value
}

/** A feature's declared default, which its manifest holds in JSON form, as a value of its type; undefined: none is declared. */
export function defaultValue(feature: Pick<AggregatedFeature, 'type' | 'default'>): Value | undefined {
  const { type, default: json } = feature;
  if (json === undefined || json === null) return undefined;
  if (!isListType(type) || !Array.isArray(json)) return scalar(json, type);
  return json.map((item: JsonValue) => (item === null ? null : scalar(item, elementType(type))));
}
