import { clientProblem } from './problem.ts';

/** JSON text of a body: bigint as its digits in quotes, bytes as base64, dates as ISO 8601, NaN and infinities by name. Throws client.unwritable. */
export function bodyText(body: unknown): string {
  try {
    return JSON.stringify(body, writable);
  } catch (cause) {
    throw clientProblem(
      'client.unwritable',
      `the request cannot be written as JSON: ${cause instanceof Error ? cause.message : cause}`,
      cause,
    );
  }
}

function writable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value instanceof Uint8Array ? base64(value) : value;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const specialFloats: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
/** A number as the API writes it: NaN and infinities are strings. */
export const float = (json: unknown): unknown => (typeof json === 'string' ? (specialFloats[json] ?? json) : json);

const decoders: Readonly<Record<string, (json: unknown) => unknown>> = {
  int64: (json) => BigInt(String(json)),
  float32: float,
  float64: float,
  timestamp: (json) => new Date(String(json)),
  bytes: (json) => Uint8Array.from(atob(String(json)), (unit) => unit.charCodeAt(0)),
};
const asItIs = (json: unknown): unknown => json;

/** A reader of values of a type as the API writes them (int64 as strings); a type that this client does not know is left as it is. */
export function decoder(type: string): (json: unknown) => unknown {
  const element = /^list<(.+)>$/.exec(type)?.[1];
  const decode = decoders[element ?? type] ?? asItIs;
  const scalar = (json: unknown): unknown => (json === null ? null : decode(json));
  if (element === undefined) return scalar;
  return (json) => (Array.isArray(json) ? json.map(scalar) : null);
}
