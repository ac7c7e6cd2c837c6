import { isList } from '#semantics/value.ts';
import { elementType, type FeatureType, isListType, type ScalarType, type Value } from '#spec/value-type.ts';
import { utf8Bytes } from './utf8.ts';

/**
 * Writes MessagePack into one growing buffer. Numbers keep the width of their type, whatever their value: an int64 is an int64 and a float32 has four
 * bytes, so that a reader finds one type in one column. https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class MsgpackWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  nil(): void {
    this.#byte(0xc0);
  }
  bool(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }
  int32(value: number): void {
    const at = this.#tagged(0xd2, 4);
    this.#view.setInt32(at, value);
  }
  int64(value: bigint): void {
    const at = this.#tagged(0xd3, 8);
    this.#view.setBigInt64(at, value);
  }
  float32(value: number): void {
    const at = this.#tagged(0xca, 4);
    this.#view.setFloat32(at, value);
  }
  float64(value: number): void {
    const at = this.#tagged(0xcb, 8);
    this.#view.setFloat64(at, value);
  }
  text(value: string): void {
    const bytes = utf8Bytes(value);
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length);
    else this.#sized(0xdb, bytes.length);
    this.#put(bytes);
  }
  bytes(value: Uint8Array): void {
    this.#sized(0xc6, value.length);
    this.#put(value);
  }
  /** Epoch milliseconds as the timestamp of 96 bits (extension -1): nanoseconds, then seconds, which may be negative. */
  timestamp(millis: number): void {
    const seconds = Math.floor(millis / 1000);
    const at = this.#tagged(0xc7, 14);
    this.#view.setUint16(at, 0x0cff); // 12 bytes of extension -1
    this.#view.setUint32(at + 2, (millis - seconds * 1000) * 1e6);
    this.#view.setBigInt64(at + 6, BigInt(seconds));
  }
  /** A list of that many items, which the caller writes next. */
  list(items: number): void {
    if (items < 16) this.#byte(0x90 | items);
    else this.#sized(0xdd, items);
  }
  /** A map of that many members: the caller writes the name and the value of each next. */
  map(members: number): void {
    if (members < 16) this.#byte(0x80 | members);
    else this.#sized(0xdf, members);
  }

  /** What was written. The writer is not to be used any more. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  // Each asks for room first: that may replace the buffer and its view.
  #byte(byte: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, byte);
  }
  #put(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }
  /** The tag and a length of 32 bits. */
  #sized(tag: number, length: number): void {
    const at = this.#tagged(tag, 4);
    this.#view.setUint32(at, length);
  }
  /** The tag, then room for what follows it. */
  #tagged(tag: number, bytes: number): number {
    const at = this.#room(1 + bytes);
    this.#view.setUint8(at, tag);
    return at + 1;
  }
  #room(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

export type MsgpackValueWriter = (to: MsgpackWriter, value: Value) => void;

const scalars: Record<ScalarType, MsgpackValueWriter> = {
  int32: (to, value) => to.int32(Number(value)),
  int64: (to, value) => to.int64(BigInt(String(value))),
  float32: (to, value) => to.float32(Number(value)),
  float64: (to, value) => to.float64(Number(value)),
  string: (to, value) => to.text(String(value)),
  bool: (to, value) => to.bool(value === true),
  timestamp: (to, value) => to.timestamp(Number(value)),
  bytes: (to, value) => (value instanceof Uint8Array ? to.bytes(value) : to.nil()),
};

/** A writer of one type's values, made once per feature; null is nil. The values must be of the type. */
export function msgpackValueWriter(type: FeatureType): MsgpackValueWriter {
  const write = scalars[isListType(type) ? elementType(type) : (type as ScalarType)]; // not a list, so a scalar
  const writeScalar: MsgpackValueWriter = (to, value) => (value === null ? to.nil() : write(to, value));
  if (!isListType(type)) return writeScalar;
  return (to, value) => {
    if (!isList(value)) return to.nil();
    to.list(value.length);
    for (const item of value) writeScalar(to, item);
  };
}
