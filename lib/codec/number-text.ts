/** Whole numbers as texts of fixed length in the 64 characters of base64url: two thirds of their decimal digits. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Values of the characters by code, and one of 64 for every other code below 128. */
const values = new Uint8Array(128).fill(64);
for (const [value, character] of [...alphabet].entries()) values[character.charCodeAt(0)] = value;

/** The character of 0..63. */
export const charOf = (value: number): string => alphabet.charAt(value);
/** 0..63 of the character at a place; throws a RangeError for any other character. */
export function valueAt(text: string, place: number): number {
  const value = values[text.charCodeAt(place)] ?? 64;
  if (value === 64) throw new RangeError(`no character of a number at ${place}`);
  return value;
}

function digitsOf(number: number, length: number): string {
  let [text, rest] = ['', number];
  for (let place = 0; place < length; place++) {
    text = charOf(rest % 64) + text;
    rest = Math.floor(rest / 64);
  }
  return text;
}

function numberIn(text: string, start: number, length: number): number {
  let number = 0;
  for (let place = start; place < start + length; place++) number = number * 64 + valueAt(text, place);
  return number;
}

/** Length of a text of hashText. */
export const hashTextLength = 11;
const lowBits = 32n;
const [highDigits, lowDigits] = [5, 6];

/** 0 <= hash < 2^62 as 11 characters. */
export const hashText = (hash: bigint): string =>
  digitsOf(Number(hash >> lowBits), highDigits) + digitsOf(Number(hash & 0xffff_ffffn), lowDigits);

/** One bigint out of two halves of 32 bits: a third of the time of shifting and joining two bigints, and states hold thousands of hashes. */
const halves = new DataView(new ArrayBuffer(8));

/** The hash whose text starts at a place. */
export function hashAt(text: string, start: number): bigint {
  halves.setUint32(0, numberIn(text, start, highDigits));
  halves.setUint32(4, numberIn(text, start + highDigits, lowDigits));
  return halves.getBigUint64(0);
}

/** 0 <= number < 64^length as that many characters. */
export const numberText = digitsOf;
export const numberAt = numberIn;
