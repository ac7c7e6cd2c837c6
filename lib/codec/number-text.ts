/** Whole numbers as texts of fixed length in the 64 characters of base64url: two thirds of their decimal digits. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values = new Map([...alphabet].map((character, value) => [character, value]));

/** The character of 0..63. */
export const charOf = (value: number): string => alphabet.charAt(value);
/** 0..63 of the character at a place; throws a RangeError for any other character. */
export function valueAt(text: string, place: number): number {
  const value = values.get(text.charAt(place));
  if (value === undefined) throw new RangeError(`no character of a number at ${place}`);
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

/** The hash whose text starts at a place. */
export const hashAt = (text: string, start: number): bigint =>
  (BigInt(numberIn(text, start, highDigits)) << lowBits) | BigInt(numberIn(text, start + highDigits, lowDigits));

/** 0 <= number < 64^length as that many characters. */
export const numberText = digitsOf;
export const numberAt = numberIn;
